import type { Aval } from "../../primitive";
import { sizeOf } from "../../shape";
import type { LoopAttributes } from "../control";
import type { Value, Variable } from "../emitter";
import { type Cell, elementsOf, held } from "./cells";
import { goesOn, isKept, iteration, type LoopPorts } from "./evaluate";
import type { Folding } from "./folding";
import { knownInt } from "./known";
import { Unfit } from "./measure";
import { type Allowance, mostElements } from "./places";

/** A value that all rows share, or the type of one that each row has of its own. */
export type Given = Cell | Aval;

/** A loop that is run for many rows. */
export interface Turns {
  readonly loop: LoopAttributes;
  readonly count: Given | undefined;
  readonly carries: readonly Aval[];
  readonly constants: readonly Given[];
  readonly conditionConstants: readonly Given[];
  /** What `finish` wants besides. */
  readonly kept: readonly Aval[];
  /** What a row has of its own: of the values above, in their order. */
  readonly begin: (row: Value) => readonly Cell[];
  /** Writes an element of a row of result y. */
  readonly put: (row: Value, ...at: Parameters<LoopPorts["put"]>) => void;
  readonly finish: (row: Value, carries: readonly Cell[], steps: Value, kept: readonly Cell[]) => void;
}

/** Variables for a value. */
interface Held {
  readonly read: () => Cell;
  /** None where all rows share it. */
  readonly slots: readonly Variable[] | undefined;
}

function hold(k: Folding, given: Given): Held {
  if ("read" in given) return { read: () => given, slots: undefined };
  if (sizeOf(given.shape) > mostElements) throw new Unfit();
  const slots = Array.from({ length: sizeOf(given.shape) }, () => k.variable(k.literal(given.dtype, 0)));
  return { slots, read: () => held(k, given, slots) };
}

/** Rows from one up to, but without, another: the same for all lanes. */
export interface Rows {
  readonly from: Value;
  readonly end: Value;
}

/**
 * Runs the loop for each of the rows. Lanes go on together until the loop of one has ended; that lane takes the next row that none has taken, while
 * the others wait. So none is idle but at the end.
 */
export function inTurns(k: Folding, turns: Turns, { from, end }: Rows, allow: Allowance): void {
  const { loop } = turns;
  const [none, one] = [knownInt(0), knownInt(1)];
  k.closed(() => {
    const untaken = k.counter(from);
    const row = k.variable(knownInt(-1));
    const over = k.variable(k.literal("bool", 1));
    const steps = k.variable(none);
    const all = (list: readonly Given[]): Held[] => list.map((x) => hold(k, x));
    const count = all(turns.count ? [turns.count] : []);
    const [carries, constants, conditionConstants] = [
      all(turns.carries),
      all(turns.constants),
      all(turns.conditionConstants),
    ];
    const kept = all(turns.kept);
    const own = [...count, ...carries, ...constants, ...conditionConstants, ...kept].filter(({ slots }) => slots);
    const read = (list: readonly Held[]): Cell[] => list.map((x) => x.read());
    const bound = (): Value => {
      const [most] = read(count);
      return most ? k.max(k.min(most.read(none), knownInt(loop.length)), none) : knownInt(loop.length);
    };

    const take = (lanes: Value): void => {
      const before = row.get();
      k.if(k.lessEqual(none, before), () => turns.finish(before, read(carries), steps.get(), read(kept)));
      const next = k.dealt(untaken, lanes);
      row.set(next);
      steps.set(none);
      k.if(k.less(next, end), () =>
        turns.begin(next).forEach((cell, j) => {
          const values = elementsOf(cell);
          own[j]!.slots!.forEach((slot, n) => slot.set(values[n]!));
        }),
      );
    };

    let now: Cell[] = [];
    let step: Value = none;
    const advance = (): void => {
      const at = row.get();
      const i = loop.reverse ? k.sub(k.sub(bound(), step), one) : step;
      const ports = {
        rows: () => [],
        constants: read(constants),
        put: (...to: Parameters<LoopPorts["put"]>) => turns.put(at, ...to),
      };
      const next = iteration(k, loop, ports, i, now, allow);
      k.assign([
        ...carries.flatMap(({ slots }, j) => {
          if (isKept(loop, j)) return [];
          const [after, before] = [elementsOf(next[j]!), elementsOf(now[j]!)];
          return slots!.map((variable, n) => ({ variable, next: after[n]!, before: before[n]! }));
        }),
        { variable: steps, next: k.add(step, one), before: step },
      ]);
    };

    k.repeat(
      () => {
        const ended = over.get();
        k.if(ended, () => take(ended));
        return k.less(row.get(), end);
      },
      () =>
        k.together(
          () => {
            [step, now] = [steps.get(), read(carries)];
            return goesOn(k, loop, read(conditionConstants), now, k.less(step, bound()), allow);
          },
          advance,
          (lanes) => over.set(lanes),
        ),
    );
  });
}

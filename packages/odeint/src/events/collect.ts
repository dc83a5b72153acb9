import { argsort, cast, concat, sum, type Tensor, where } from "@dzdt/tensor";
import type { FineTime } from "../fine-time";
import { type Carry, numbers, type Problem } from "../problem";
import { beside, ordinals } from "../rows";
import { Status } from "../status";

/** What a solve recorded of one event: leaves `[maxEvents, …]`, NaN beyond `count`. */
export interface EventLeaves {
  readonly t: Tensor;
  readonly y: readonly Tensor[];
  /** int32, no more than `maxEvents`. */
  readonly count: Tensor;
}

/** What a solve with events says of them. */
export interface EventOutcome {
  readonly list: readonly EventLeaves[];
  /** How often each fired, int32, one more than `maxEvents` when that was too often. */
  readonly counts: readonly Tensor[];
  /** Times of the outputs, that of the terminal event where they were not reached; and whether they were, bool `[outputs]`. */
  readonly ts: Tensor;
  readonly valid: Tensor;
  /** In which order outputs and events came, for solves that log it. */
  readonly log?: EventLog;
  /** Of each row that is of an event: the state and what the method carried at the end of the step before, for solves that keep it. */
  readonly kept?: readonly Tensor[];
}

/** Rows are those of the outputs, then those of each event. */
export interface EventLog {
  /** How many rows are of use. */
  readonly count: Tensor;
  /** Which row came first, which next, and so on; those of no use come last. */
  readonly places: Tensor;
  /** The number of the iteration that wrote each row. */
  readonly order: Tensor;
  /** The number of the trigger of each row; −1 of outputs. */
  readonly triggers: Tensor;
  /** bool: is the row of use? */
  readonly used: Tensor;
  /** When the step before the event of each row ended, where that is kept. */
  readonly ends?: FineTime;
}

/** Reads what the loop has written. `ys` are states at the outputs as far as they were reached. */
export function collect(
  problem: Problem,
  carry: Carry,
  rows: readonly Tensor[],
  ys: readonly Tensor[],
  status: Tensor,
): { readonly events: EventOutcome; readonly ys: readonly Tensor[] } {
  const { maxEvents, slots, logged, kept } = problem.events!;
  const outputs = problem.outputs!;
  const count = outputs.shape[0]!;
  const size = problem.y0.length;
  const { int } = numbers(status);
  const { counts, until } = carry.events[0]!;
  const upTo = (length: number, many: Tensor): Tensor => ordinals(status, length).lessEqual(many);
  const list = Array.from({ length: slots }, (_, slot): EventLeaves => {
    const used = counts[slot]!.minimum(int(maxEvents));
    const from = count + slot * maxEvents;
    const own = rows.slice(0, size + 1).map((x) => {
      const part = x.slice([from], [from + maxEvents]);
      return where(beside(upTo(maxEvents, used), part), part, NaN);
    });
    return { t: own[size]!, y: own.slice(0, size), count: used };
  });
  const valid = upTo(count, carry.written[0]!).or(status.notEqual(int(Status.eventTerminated)));
  const log = logged && logOf(rows.slice(size + 1));
  if (until.length === 0) return { events: { list, counts, ts: outputs, valid, ...log }, ys };
  const still = problem.asked && problem.asked.derivative > 0;
  const held = ys.map((y, k) => where(beside(valid, y), y, still ? 0 : carry.y[k]!.reshape([1, ...y.shape.slice(1)])));
  return { events: { list, counts, ts: where(valid, outputs, until[0]!), valid, ...log }, ys: held };

  function logOf([order, triggers, ...end]: readonly Tensor[]): Pick<EventOutcome, "log" | "kept"> {
    const used = concat([upTo(count, carry.written[0]!), ...list.map((one) => upTo(maxEvents, one.count))]);
    const places = argsort(where(used, order!, int(2 ** 31 - 1)));
    const log = { count: sum(cast(used, "int32")), places, order: order!, triggers: triggers!, used };
    if (!kept) return { log };
    const rests = carry.rest.length;
    return { log: { ...log, ends: { t: end[0]!, rest: end.slice(1, 1 + rests) } }, kept: end.slice(1 + rests) };
  }
}

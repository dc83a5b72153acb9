import { broadcastTo, concat, stopGradient, take, type Tensor, where, zerosLike } from "@dzdt/tensor";
import { type FineTime, inOrder, timesFrom } from "../fine-time";
import { type Carry, numbers, type Outcome, type Problem } from "../problem";
import { beside } from "../rows";
import { heldWithin } from "../unknown-times";
import type { GivenSave, GivenSaves } from "./given";

/** Rows of one save: times `[rows]`, states `[rows, …leaf]`, and a bool `[rows]` of which are of use; the others hold what the solve began with. */
export interface SavedLeaves {
  readonly t: Tensor;
  readonly y: readonly Tensor[];
  readonly held: Tensor;
}

/** What a loop with saves leaves behind. */
export interface Found {
  /** bool `[outputs]`: was it written? */
  readonly reached: Tensor;
  /** Rows of steps, and how many there are; none where none are kept. */
  readonly steps: readonly { readonly t: Tensor; readonly y: readonly Tensor[]; readonly count: Tensor }[];
}

/** A solve's times but the first, and those of its saves. */
function allTimes(ts: FineTime, { list }: GivenSaves): FineTime {
  const own = timesFrom(ts, 1, ts.t.size);
  const all = [own, ...list.flatMap((save) => (save.times ? [within(save, ts).held] : []))];
  return {
    t: concat(all.map(({ t }) => t)),
    rest: own.rest.map((_, k) => concat(all.map(({ t, rest }) => rest[k] ?? stopGradient(zerosLike(t))))),
  };
}

/** Times of a save, none of which is outside of the solve, and those that are if that may be. */
function within({ times, known }: GivenSave, ts: FineTime): { readonly held: FineTime; readonly outside?: Tensor } {
  return known ? { held: times! } : heldWithin(times!, ts);
}

/** Where a solve is to give its states: at its own times, and at those of its saves, in the order in which it comes to them. */
export const withSaves = (ts: FineTime, saves: GivenSaves): FineTime => inOrder(allTimes(ts, saves), ts).sorted;

/**
 * What a loop leaves behind.
 * @param rows of all that iterations have written; those of steps begin at `first`
 * @param reached bool `[outputs]`: was it written?
 */
export function found(problem: Problem, carry: Carry, rows: readonly Tensor[], reached: Tensor, first: number): Found {
  const { y0, kept } = problem;
  const most = kept!.rows;
  const steps = carry.saves.slice(1).map((count) => {
    const own = rows.slice(0, y0.length + 1).map((x) => x.slice([first], [first + most]));
    return { t: own[y0.length]!, y: own.slice(0, y0.length), count: count.minimum(numbers(count).int(most)) };
  });
  return { reached, steps };
}

/** An outcome at the solve's own times, and what it has for its saves. */
export function takenApart(
  { ys, events, found, ...rest }: Outcome,
  ts: FineTime,
  saves: GivenSaves,
  y0: readonly Tensor[],
): Outcome {
  const back = inOrder(allTimes(ts, saves), ts).back();
  const { reached, steps } = found!;
  const written = events ? reached.and(events.valid) : reached;
  const t0 = ts.t.slice([0], [1]);
  const part = (from: number, count: number, x: Tensor): Tensor => take(x, back.slice([from], [from + count]), 0);
  const own = (x: Tensor): Tensor => part(0, ts.t.size - 1, x);
  let place = ts.t.size - 1;
  const list = saves.list.map((save) => (save.times ? atTimes(save) : afterSteps(save)));
  return {
    ...rest,
    ys: ys.map(own),
    ...(events && { events: { ...events, ts: own(events.ts), valid: own(events.valid) } }),
    saves: list,
  };

  function atTimes(save: GivenSave): SavedLeaves {
    const [from, { capacity }] = [place, save];
    place += capacity;
    const { outside } = within(save, ts);
    const reachedHere = part(from, capacity, written);
    return filled(
      save.times!.t,
      ys.map((y) => part(from, capacity, y)),
      outside ? reachedHere.and(outside.not()) : reachedHere,
    );
  }

  function afterSteps({ every, capacity }: GivenSave): SavedLeaves {
    const [{ t, y, count }] = steps as readonly [Found["steps"][number]];
    const { int } = numbers(count);
    // Each is one of so many rows that were kept.
    const numbered = broadcastTo(int(every / saves.each), [capacity]).cumsum(0);
    const places = numbered.minimum(int(saves.rows)).sub(int(1));
    const among = (x: Tensor): Tensor => take(x, places, 0);
    return filled(among(t), y.map(among), numbered.lessEqual(count));
  }

  function filled(t: Tensor, y: readonly Tensor[], held: Tensor): SavedLeaves {
    return {
      t: where(held, t, t0),
      y: y.map((x, k) => where(beside(held, x), x, y0[k]!.reshape([1, ...y0[k]!.shape]))),
      held,
    };
  }
}

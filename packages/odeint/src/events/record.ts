import { type Tensor, tree } from "@dzdt/tensor";
import { atHand } from "../at-hand";
import type { SolutionParts } from "../solution";
import type { Solved } from "../solve";
import { Status } from "../status";
import type { GivenEvents } from "./leaf-event";

/** What a solve says of its times, states and events: without the rows after a terminal event where that is known, and there is one trajectory. */
export function recorded<Y>(
  { ys, status, events }: Solved,
  ts: Tensor,
  structure: tree.Structure,
  given: GivenEvents,
): Pick<SolutionParts<Y>, "ts" | "ys" | "events" | "valid"> {
  const treeOf = (leaves: readonly Tensor[]): Y => tree.unflatten<Y>(structure, leaves);
  const { list, ts: held, valid } = events!;
  const records = list.map(({ t, y, count }) => ({ t, y: treeOf(y), count }));
  const ends = given.list.some(({ event }) => event.terminal);
  if (!ends) return { ts, ys: treeOf(ys), events: records };
  const known = status.ndim === 0 ? atHand(status) : undefined;
  const kept =
    known?.[0] === Status.eventTerminated ? Array.from(atHand(valid)!, Number).lastIndexOf(1) + 1 : valid.shape[0]!;
  const cut = (x: Tensor): Tensor => (kept === x.shape[0]! ? x : x.slice([0], [kept]));
  return { ts: cut(held), ys: treeOf(ys.map(cut)), events: records, valid: cut(valid) };
}

/** Of a solve at one time alone: no event fires. */
export function nothingRecorded<Y>(
  state: { readonly ys: Y; readonly leaves: readonly Tensor[]; readonly structure: tree.Structure },
  ts: Tensor,
  none: Tensor,
  { list, maxEvents }: GivenEvents,
): Pick<SolutionParts<Y>, "events"> {
  const many = none.shape;
  const rows = (x: Tensor, shape: readonly number[]): Tensor =>
    x
      .mul(0)
      .sum()
      .add(NaN)
      .broadcastTo([maxEvents, ...shape]);
  return {
    events: list.map(() => ({
      t: rows(ts, many),
      y: tree.unflatten<Y>(
        state.structure,
        state.leaves.map((y) => rows(y, y.shape)),
      ),
      count: none,
    })),
  };
}

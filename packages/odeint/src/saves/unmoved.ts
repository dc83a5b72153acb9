import { Tensor } from "@dzdt/tensor";
import { repeated } from "../unmoved";
import type { SavedLeaves } from "./collect";
import type { GivenSaves } from "./given";

/** What is saved of a solve at one time. */
export const unmovedSaves = (
  { list }: GivenSaves,
  leaves: readonly Tensor[],
  ts: Tensor,
  independent: boolean,
): readonly SavedLeaves[] =>
  list.map(({ times, capacity }) => {
    const rows = [capacity, ...(independent ? leaves[0]!.shape.slice(0, 1) : [])];
    return {
      t: ts.reshape(rows.map(() => 1)).broadcastTo(rows),
      y: leaves.map((y) => repeated(y, capacity)),
      held: Tensor.scalar(times ? 1 : 0, "bool", ts.target).broadcastTo(rows),
    };
  });

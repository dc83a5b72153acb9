import { Tensor, tree } from "@dzdt/tensor";
import type { GivenEvents } from "./events/leaf-event";
import type { SolutionParts } from "./solution";

/** A state at so many times. */
export const repeated = (y: Tensor, count: number): Tensor =>
  y.reshape([1, ...y.shape]).broadcastTo([count, ...y.shape]);

/** The solution at t0 alone. */
export function unmoved<Y>(
  leaves: readonly Tensor[],
  structure: tree.Structure,
  ts: Tensor,
  independent: boolean,
  events: GivenEvents | undefined,
): Omit<SolutionParts<Y>, "saves"> {
  const one = leaves[0]!;
  const zero = Tensor.scalar(0, "int32", one.target);
  const none = independent ? zero.broadcastTo([one.shape[0]!]) : zero;
  const ys = tree.unflatten<Y>(
    structure,
    leaves.map((y) => repeated(y, 1)),
  );
  return {
    ts,
    ys,
    ...events?.machinery.nothingRecorded({ ys, leaves, structure }, ts, none, events),
    status: none,
    stats: { steps: none, accepted: none, rejected: none, evaluations: none },
  };
}

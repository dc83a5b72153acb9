import { cast, type Tensor, where } from "@dzdt/tensor";
import { type Carry, moved, numbers, type Problem } from "../problem";
import { Status } from "../status";

/** Where in a solve something is written: −1 for nowhere. */
export interface Written {
  readonly next: Carry;
  readonly row: Tensor;
  readonly y: readonly Tensor[];
  readonly t: Tensor;
}

/**
 * What is kept of an attempt.
 * @param first the place of the first row among all rows
 * @param end the time and the state at which an accepted step ends for good
 */
export function keep(
  problem: Problem,
  next: Carry,
  accept: Tensor,
  first: number,
  end: { readonly t: Tensor; readonly y: readonly Tensor[] } = next,
): Written {
  const { each, rows } = problem.kept!;
  const { int } = numbers(next.t);
  const [steps, filled] = next.saves as readonly [Tensor, Tensor];
  const now = steps.add(cast(accept, "int32"));
  const due = now.equal(int(each));
  const full = due.and(filled.greaterEqual(int(rows)));
  return {
    next: {
      ...next,
      saves: [where(due, int(0), now), filled.add(cast(due, "int32"))],
      status: where(full, int(Status.maxSavesReached), next.status),
    },
    row: where(due.and(full.not()), filled.add(int(first)), int(-1)),
    y: end.y,
    t: moved(problem, end.t),
  };
}

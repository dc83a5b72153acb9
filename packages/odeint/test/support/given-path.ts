import { cast, defaultTarget, Tensor, take, tensor } from "@dzdt/tensor";
import type { BrownianPath } from "../../src/sde";

/** A step of a path: its length, W and H. */
export type GivenStep = readonly [h: number, w: readonly number[], area: readonly number[]];

/** Steps of a path that were written down, as a path that knows these steps only, and the times between them. */
export function givenPath(
  t0: number,
  steps: readonly GivenStep[],
  shape: readonly number[],
): { path: BrownianPath; ts: number[] } {
  const ts = [t0];
  for (const [h] of steps) ts.push(ts[ts.length - 1]! + h);
  const width = shape[0] ?? 1;
  const table = (of: 1 | 2): Tensor =>
    tensor(
      steps.map((step) => step[of].slice(0, width)),
      { dtype: "float64" },
    );
  const starts = tensor(ts.slice(0, -1), { dtype: "float64" });
  const [w, area] = [table(1), table(2)];
  const path: BrownianPath = {
    shape,
    levyArea: "space-time",
    t0,
    t1: ts[ts.length - 1]!,
    tolerance: 0,
    increment: (s) => {
      const from = s instanceof Tensor ? s : Tensor.scalar(s, "float64", defaultTarget());
      const row = cast(starts.lessEqual(from), "int32").sum().sub(1);
      return { W: take(w, row, 0).reshape(shape), H: take(area, row, 0).reshape(shape) };
    },
  };
  return { path, ts };
}

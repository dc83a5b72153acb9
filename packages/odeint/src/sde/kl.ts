import { cast, concat, linalg, matmul, type Shape, type Tensor, transpose, zeros } from "@dzdt/tensor";
import type { StateType } from "../vectorField";
import type { SdeFields } from "./fields";

/** Drift of the prior, as leaves. */
export type LeafDrift = (t: Tensor, y: readonly Tensor[]) => Tensor[];

/**
 * An equation with a state more, that no noise moves: ½ ∫ |u|² dt with diffusion · u = drift − prior, for each of the leading axes that count
 * trajectories.
 */
export function withDivergence(fields: SdeFields, prior: LeafDrift, batch: Shape): SdeFields {
  const count = fields.state.leaves.length;
  const { dtype } = fields.state.leaves[0]!;
  const state: StateType = {
    structure: [],
    leaves: [...fields.state.leaves, { dtype, shape: batch }],
    paths: [...fields.state.paths, ".kl"],
  };
  const own = (y: readonly Tensor[]): readonly Tensor[] => y.slice(0, count);
  const still = (like: Tensor): Tensor => zeros(batch, { dtype, target: like.target });
  return {
    ...fields,
    state,
    drift: (t, y) => {
      const f = fields.drift(t, own(y));
      const h = prior(t, own(y));
      const apart = f.map((x, k) => x.sub(h[k]!));
      return [...f, cast(rate(fields, apart, fields.diffusion(t, own(y)), batch), dtype)];
    },
    diffusion: (t, y) => {
      const g = fields.diffusion(t, own(y));
      const none = still(y[0]!);
      return [
        ...g,
        fields.form === "matrix" ? none.reshape([...batch, 1]).broadcastTo([...batch, fields.shape[0]!]) : none,
      ];
    },
    times: (g, w) => [...fields.times(own(g), w), still(g[0]!)],
  };
}

/** ½ |u|², with leading axes kept. */
function rate({ form }: SdeFields, apart: readonly Tensor[], g: readonly Tensor[], batch: Shape): Tensor {
  const axes = batch.length;
  const summed = (x: Tensor): Tensor => x.reshape([...batch, -1]).sum(axes);
  const total = (xs: readonly Tensor[]): Tensor => xs.map(summed).reduce((a, b) => a.add(b));
  if (form === "elementwise") return total(apart.map((x, k) => x.div(g[k]!).square())).mul(0.5);
  if (form === "scalar") {
    const along = total(apart.map((x, k) => x.mul(g[k]!)));
    return along
      .div(total(g.map((x) => x.square())))
      .square()
      .mul(0.5);
  }
  const rows = (x: Tensor, last: readonly number[]): Tensor => x.reshape([...batch, -1, ...last]);
  const noises = g[0]!.shape.at(-1)!;
  const delta = joined(
    apart.map((x) => rows(x, [1])),
    axes,
  );
  const matrix = joined(
    g.map((x) => rows(x, [noises])),
    axes,
  );
  const u = leastNorm(matrix, delta);
  return u
    .square()
    .reshape([...batch, -1])
    .sum(axes)
    .mul(0.5);
}

const joined = (xs: readonly Tensor[], axis: number): Tensor => (xs.length === 1 ? xs[0]! : concat(xs, axis));

/** The shortest u with g u = delta, or the one that comes nearest where there are fewer noises than components. */
function leastNorm(g: Tensor, delta: Tensor): Tensor {
  const [n, m] = g.shape.slice(-2) as [number, number];
  if (n === m) return linalg.solve(g, delta);
  const axes = g.shape.map((_, a) => a);
  const back = transpose(g, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  return n < m
    ? matmul(back, linalg.solve(matmul(g, back), delta))
    : linalg.solve(matmul(back, g), matmul(back, delta));
}

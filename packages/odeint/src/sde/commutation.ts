import {
  applyTape,
  broadcastTo,
  max,
  maximum,
  type Target,
  tensor,
  type Tensor,
  trace,
  withinRule,
} from "@dzdt/tensor";
import { atHand } from "../at-hand";
import { typeOf } from "../leaves";
import type { SdeFields } from "./fields";
import { column, diffusionAlong } from "./methods/derivatives";

/**
 * How far the noise is from commuting at a point, relative to the derivatives that are compared: ∂gᵢ gⱼ with ∂gⱼ gᵢ for a matrix; for diagonal noise,
 * derivatives of a component's diffusion by other components with those by itself. Undefined where the numbers are not known.
 */
export function commutator(
  record: () => SdeFields,
  t0: Tensor,
  y0: readonly Tensor[],
  target: Target,
): number | undefined {
  const { tape, captured } = trace(
    "commutator",
    (t, ...y) => {
      const fields = record();
      return withinRule(() => [fields.form === "matrix" ? ofMatrix(fields, t, y) : ofDiagonal(fields, t, y)]);
    },
    [t0, ...y0].map(typeOf),
    { target },
  );
  const found = applyTape(tape, [t0, ...y0, ...captured])[0]!;
  return atHand(found)?.[0];
}

/** Largest difference over largest size; 0 where there is nothing to compare. */
function relative(pairs: readonly (readonly [Tensor, Tensor])[], like: Tensor): Tensor {
  const largest = (xs: readonly Tensor[]): Tensor =>
    xs
      .filter((x) => x.size > 0)
      .map((x) => max(x.abs()))
      .reduce((a, b) => maximum(a, b), like.mul(0).sum());
  const apart = largest(pairs.map(([a, b]) => a.sub(b)));
  return apart.div(maximum(largest(pairs.flat()), 1e-30));
}

function ofMatrix(fields: SdeFields, t: Tensor, y: readonly Tensor[]): Tensor {
  const count = fields.shape[0]!;
  const g = fields.diffusion(t, y);
  const along = Array.from({ length: count }, (_, i) => diffusionAlong(fields, t, y, column(g, i)));
  const pairs: [Tensor, Tensor][] = [];
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) {
      const there = column(along[j]!, i);
      column(along[i]!, j).forEach((x, k) => pairs.push([x, there[k]!]));
    }
  return relative(pairs, y[0]!);
}

/** A diagonal matrix takes any direction to its row sums times the direction. */
function ofDiagonal(fields: SdeFields, t: Tensor, y: readonly Tensor[]): Tensor {
  const directions = y.map((x, k) => {
    const values = Float64Array.from({ length: x.size }, (_, i) => 0.5 + Math.abs(Math.sin(1 + 7.3 * i + 3.1 * k)));
    return tensor(values, { dtype: x.dtype, target: x.target }).reshape(x.shape);
  });
  const sums = diffusionAlong(
    fields,
    t,
    y,
    y.map((x) => broadcastTo(x.mul(0).add(1), x.shape)),
  );
  const along = diffusionAlong(fields, t, y, directions);
  return relative(
    along.map((x, k) => [x, sums[k]!.mul(directions[k]!)]),
    y[0]!,
  );
}

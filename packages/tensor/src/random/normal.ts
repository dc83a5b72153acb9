import { checkOptions } from "../arguments";
import { composite, type One } from "../composite";
import type { DType } from "../dtype";
import * as o from "../functions";
import { type TensorLike, withinRule } from "../literals";
import { positions } from "../primitives/positions";
import { bind } from "../run";
import { broadcastShapes, type Shape } from "../shape";
import type { Tensor } from "../tensor";
import { checkFloat, type FloatOptions, uniform } from "./uniform";

/** Standard normal samples, float of `shape`: √2 erf⁻¹(u) of uniform u in (−1, 1). */
export function normal(key: Tensor, shape: Shape, options: FloatOptions = {}): Tensor {
  checkOptions("random.normal", options, ["dtype"]);
  const { dtype = "float32" } = options;
  checkFloat("random.normal", key, shape, dtype);
  return normalOf([key], shape, dtype);
}

const normalOf = composite("random.normal", ([key]: One, shape: Shape, dtype: DType) =>
  withinRule(() =>
    o.mul(
      o.erfinv(uniform(key, shape, { dtype, min: aboveMinusOne[dtype as keyof typeof aboveMinusOne], max: 1 })),
      Math.SQRT2,
    ),
  ),
);

/**
 * Standard normal samples given that they lie in (lower, upper), float of `shape`: √2 erf⁻¹(u) of u uniform between erf of the bounds / √2.
 * @param shape what the bounds broadcast to; @defaultValue their broadcast shape
 */
export function truncatedNormal(
  key: Tensor,
  lower: TensorLike,
  upper: TensorLike,
  shape: Shape = broadcastShapes("random.truncatedNormal", shapeOf(lower), shapeOf(upper)),
  options: FloatOptions = {},
): Tensor {
  checkOptions("random.truncatedNormal", options, ["dtype"]);
  const { dtype = "float32" } = options;
  checkFloat("random.truncatedNormal", key, shape, dtype);
  // A zero where the key is; the position of a scalar is 0.
  const zero = o.cast(bind(positions, [key], { shape: [] })[0]!, dtype);
  const [low, high] = [lower, upper].map((bound) =>
    o.add(zero, typeof bound === "object" ? o.cast(bound, dtype) : bound),
  ) as [Tensor, Tensor];
  const u = uniform(key, shape, { dtype, min: o.erf(o.div(low, Math.SQRT2)), max: o.erf(o.div(high, Math.SQRT2)) });
  const x = o.mul(o.erfinv(u), Math.SQRT2);
  return o.minimum(o.maximum(x, inner(lower, low, dtype, 1)), inner(upper, high, dtype, -1));
}

const aboveMinusOne = { float32: -1 + 2 ** -24, float64: -1 + 2 ** -53 };

const shapeOf = (x: TensorLike): Shape => (typeof x === "object" ? x.shape : []);

/** The float next to a bound given as a number, inside; a bound given as a tensor is itself the limit. */
const inner = (given: TensorLike, bound: Tensor, dtype: DType, direction: 1 | -1): TensorLike =>
  typeof given === "object" || !Number.isFinite(Number(given)) ? bound : nextFloat(Number(given), dtype, direction);

function nextFloat(x: number, dtype: DType, direction: 1 | -1): number {
  const bytes = new DataView(new ArrayBuffer(8));
  if (dtype === "float32") {
    const rounded = Math.fround(x);
    if (rounded === 0) return direction * 2 ** -149;
    bytes.setFloat32(0, rounded);
    bytes.setInt32(0, bytes.getInt32(0) + direction * Math.sign(rounded));
    return bytes.getFloat32(0);
  }
  if (x === 0) return direction * Number.MIN_VALUE;
  bytes.setFloat64(0, x);
  bytes.setBigInt64(0, bytes.getBigInt64(0) + BigInt(direction * Math.sign(x)));
  return bytes.getFloat64(0);
}

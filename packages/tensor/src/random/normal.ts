import { checkOptions } from "../arguments";
import { composite, type One } from "../composite";
import type { DType } from "../dtype";
import * as o from "../functions";
import { type TensorLike, withinRule } from "../literals";
import { broadcastShapes, type Shape } from "../shape";
import { Tensor } from "../tensor";
import { checkFloat, type FloatOptions, numberBeside, uniform } from "./uniform";

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
  const bound = (given: TensorLike): Tensor =>
    given instanceof Tensor ? o.cast(given, dtype) : numberBeside(key, given, dtype, "random.truncatedNormal");
  const ends = [lower, upper, inner(lower, dtype, 1), inner(upper, dtype, -1)].map(bound);
  return truncatedOf([key, ...ends] as unknown as Truncation, shape, dtype);
}

/** A key, the bounds, and the least and the greatest sample. */
type Truncation = readonly [Tensor, Tensor, Tensor, Tensor, Tensor];

const truncatedOf = composite(
  "random.truncatedNormal",
  ([key, lower, upper, least, most]: Truncation, shape: Shape, dtype: DType) => {
    const [min, max] = [lower, upper].map((bound) => o.erf(o.div(bound, Math.SQRT2)));
    const x = o.mul(o.erfinv(uniform(key, shape, { dtype, min: min!, max: max! })), Math.SQRT2);
    return o.minimum(o.maximum(x, least), most);
  },
);

const aboveMinusOne = { float32: -1 + 2 ** -24, float64: -1 + 2 ** -53 };

const shapeOf = (x: TensorLike): Shape => (typeof x === "object" ? x.shape : []);

/** The float next to a bound given as a number, inside; a bound given as a tensor is itself the limit. */
const inner = (bound: TensorLike, dtype: DType, direction: 1 | -1): TensorLike =>
  typeof bound === "object" || !Number.isFinite(Number(bound)) ? bound : nextFloat(Number(bound), dtype, direction);

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

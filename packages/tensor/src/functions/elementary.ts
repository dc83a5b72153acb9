import type { TensorLike } from "../literals";
import { acos as acosPrimitive } from "../primitives/acos";
import { asin as asinPrimitive } from "../primitives/asin";
import { atan as atanPrimitive } from "../primitives/atan";
import { atan2 as atan2Primitive } from "../primitives/atan2";
import { cos as cosPrimitive } from "../primitives/cos";
import { cosh as coshPrimitive } from "../primitives/cosh";
import { erf as erfPrimitive } from "../primitives/erf";
import { erfinv as erfinvPrimitive } from "../primitives/erfinv";
import { exp as expPrimitive } from "../primitives/exp";
import { expm1 as expm1Primitive } from "../primitives/expm1";
import { log as logPrimitive } from "../primitives/log";
import { log1p as log1pPrimitive } from "../primitives/log1p";
import { sin as sinPrimitive } from "../primitives/sin";
import { sinh as sinhPrimitive } from "../primitives/sinh";
import { tan as tanPrimitive } from "../primitives/tan";
import { tanh as tanhPrimitive } from "../primitives/tanh";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { asFloat, floatBinary } from "./operands";

/** eˣ, elementwise. Like all functions of this file it gives float32 for integers and bool. */
export const exp = (x: TensorLike): Tensor => bind(expPrimitive, [asFloat(x)])[0]!;

/** eˣ − 1, elementwise, exact also near 0. */
export const expm1 = (x: TensorLike): Tensor => bind(expm1Primitive, [asFloat(x)])[0]!;

/** Natural logarithm, elementwise: −∞ at 0, NaN below. */
export const log = (x: TensorLike): Tensor => bind(logPrimitive, [asFloat(x)])[0]!;

/** log(1 + x), elementwise, exact also near 0. */
export const log1p = (x: TensorLike): Tensor => bind(log1pPrimitive, [asFloat(x)])[0]!;

/** Sine, elementwise. */
export const sin = (x: TensorLike): Tensor => bind(sinPrimitive, [asFloat(x)])[0]!;

/** Cosine, elementwise. */
export const cos = (x: TensorLike): Tensor => bind(cosPrimitive, [asFloat(x)])[0]!;

/** Tangent, elementwise. */
export const tan = (x: TensorLike): Tensor => bind(tanPrimitive, [asFloat(x)])[0]!;

/** Inverse sine, elementwise, in [−π/2, π/2]; NaN beyond ±1. The derivative is infinite at ±1. */
export const asin = (x: TensorLike): Tensor => bind(asinPrimitive, [asFloat(x)])[0]!;

/** Inverse cosine, elementwise, in [0, π]; NaN beyond ±1. The derivative is infinite at ±1. */
export const acos = (x: TensorLike): Tensor => bind(acosPrimitive, [asFloat(x)])[0]!;

/** Inverse tangent, elementwise, in [−π/2, π/2]. */
export const atan = (x: TensorLike): Tensor => bind(atanPrimitive, [asFloat(x)])[0]!;

/** Angle of the point (x, y), elementwise, broadcast, in [−π, π]; y comes first. The derivative is undefined at the origin. */
export const atan2 = (y: TensorLike, x: TensorLike): Tensor => floatBinary(atan2Primitive, "atan2", y, x);

/** Hyperbolic sine, elementwise. */
export const sinh = (x: TensorLike): Tensor => bind(sinhPrimitive, [asFloat(x)])[0]!;

/** Hyperbolic cosine, elementwise. */
export const cosh = (x: TensorLike): Tensor => bind(coshPrimitive, [asFloat(x)])[0]!;

/** Hyperbolic tangent, elementwise. */
export const tanh = (x: TensorLike): Tensor => bind(tanhPrimitive, [asFloat(x)])[0]!;

/** Error function 2/√π ∫₀ˣ e^(−t²) dt, elementwise. */
export const erf = (x: TensorLike): Tensor => bind(erfPrimitive, [asFloat(x)])[0]!;

/** Inverse of {@link erf}, elementwise: ±∞ at ±1, NaN beyond. */
export const erfinv = (x: TensorLike): Tensor => bind(erfinvPrimitive, [asFloat(x)])[0]!;

import { checkOptions } from "../arguments";
import { composite, type One } from "../composite";
import { asTensor, type TensorLike, withinRule } from "../literals";
import { relu as reluPrimitive } from "../primitives/relu";
import { sigmoid as sigmoidPrimitive } from "../primitives/sigmoid";
import { softplus as softplusPrimitive } from "../primitives/softplus";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { add, mul } from "./arithmetic";
import { less, where } from "./comparison";
import { erf, expm1, tanh } from "./elementary";
import { asFloat, asTensors } from "./operands";

/** 1/(1 + e⁻ˣ), elementwise, without overflow for any x. The derivative is s(1 − s). */
export const sigmoid = (x: TensorLike): Tensor => bind(sigmoidPrimitive, [asFloat(x)])[0]!;

/** log(1 + eˣ), elementwise, without overflow for any x. The derivative is sigmoid(x); log-sigmoid is −softplus(−x). */
export const softplus = (x: TensorLike): Tensor => bind(softplusPrimitive, [asFloat(x)])[0]!;

/** max(x, 0), elementwise, in the dtype of x; NaN for NaN. The derivative at 0 is 0. */
export const relu = (x: TensorLike): Tensor => bind(reluPrimitive, [asTensor(x)])[0]!;

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** The formula with tanh instead of erf. @defaultValue false */
  readonly approximate?: boolean;
}

/**
 * x Φ(x), elementwise, where Φ is the normal distribution function: x (1 + erf(x/√2))/2. Approximately
 * x (1 + tanh(√(2/π) (x + 0.044715 x³)))/2, within 5e-4.
 *
 * Reference: Hendrycks and Gimpel 2016, doi:10.48550/arXiv.1606.08415.
 */
export function gelu(x: TensorLike, options: GeluOptions = {}): Tensor {
  return geluOf([asTensor(x)], options);
}

const geluOf = composite("gelu", ([x]: One, options: GeluOptions) => {
  checkOptions("gelu", options, ["approximate"]);
  const z = asFloat(x);
  return withinRule(() => {
    const bell = options.approximate
      ? tanh(mul(mul(z, add(mul(mul(z, z), 0.044715), 1)), Math.sqrt(2 / Math.PI)))
      : erf(mul(z, Math.SQRT1_2));
    return mul(mul(z, 0.5), add(bell, 1));
  });
});

/** x sigmoid(x), elementwise; also called swish. */
export const silu = (x: TensorLike): Tensor => siluOf([asTensor(x)]);

const siluOf = composite("silu", ([x]: One) => {
  const z = asFloat(x);
  return mul(z, sigmoid(z));
});

/**
 * x where x > 0, else alpha (eˣ − 1), elementwise. The derivative at 0 is alpha.
 * @param alpha minus the limit at −∞
 * @defaultValue alpha: 1
 */
export function elu(x: TensorLike, alpha: TensorLike = 1): Tensor {
  const z = asFloat(x);
  return eluOf(alpha === 1 ? [z] : asTensors("mul", [z, alpha]));
}

const eluOf = composite("elu", ([z, alpha]: readonly [Tensor, ...Tensor[]]) => {
  const positive = withinRule(() => less(0, z));
  // Without the inner choice the unused branch overflows, and its derivative is 0 · ∞.
  const curve = expm1(withinRule(() => where(positive, 0, z)));
  return where(positive, z, alpha ? mul(curve, alpha) : curve);
});

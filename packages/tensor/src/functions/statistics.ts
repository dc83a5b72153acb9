import { checkOptions } from "../arguments";
import { composite, type One } from "../composite";
import { UnsupportedError } from "../errors";
import { asTensor, type TensorLike } from "../literals";
import { normalizeAxes, sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { abs, div, mul, square, sqrt, sub } from "./arithmetic";
import { equal, less, where } from "./comparison";
import { log } from "./elementary";
import { constant, fullLike } from "./likes";
import { decay } from "../primitives/decay";
import { peak } from "../primitives/peak";
import { bind } from "../run";
import { asFloat } from "./operands";
import { type Axes, keptShape, max, min, type ReduceOptions, sum } from "./reduce";
import { stopGradient } from "./stop-gradient";
import { reshape } from "./structure";

/** Arithmetic mean over axes; NaN of none. Integers give float32. */
export const mean = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor =>
  meanOf([asTensor(x)], axis, options);

const meanOf = composite("mean", ([x]: One, axis: Axes, options: ReduceOptions = {}) => {
  checkOptions("mean", options, ["keepDims"]);
  const tensor = asFloat(x);
  const total = sum(tensor, axis, options);
  return div(total, constant(countOf("mean", tensor, axis), total));
});

export interface VarianceOptions extends ReduceOptions {
  /** The divisor is n − ddof: 1 gives the unbiased estimate. @defaultValue 0 */
  readonly ddof?: number;
}

/** Mean squared distance from the mean, over axes. */
export const variance = (x: TensorLike, axis?: Axes, options?: VarianceOptions): Tensor =>
  varianceOf([asTensor(x)], axis, options);

/** Standard deviation: the square root of the variance. Its derivative at 0 is taken as 0. */
export const std = (x: TensorLike, axis?: Axes, options?: VarianceOptions): Tensor =>
  stdOf([asTensor(x)], axis, options);

const varianceOf = composite("variance", ([x]: One, axis: Axes, options: VarianceOptions | undefined) =>
  spreadOf("variance", x, axis, options),
);
const stdOf = composite("std", ([x]: One, axis: Axes, options: VarianceOptions | undefined) =>
  rootOf(spreadOf("std", x, axis, options)),
);

function spreadOf(where: string, x: Tensor, axis: Axes, options: VarianceOptions = {}): Tensor {
  checkOptions(where, options, ["keepDims", "ddof"]);
  const { ddof = 0, ...kept } = options;
  const tensor = asFloat(x);
  const total = sum(square(sub(tensor, mean(tensor, axis, { keepDims: true }))), axis, kept);
  return div(total, constant(countOf(where, tensor, axis) - ddof, total));
}

/**
 * exp x / Σ exp x along an axis (the last unless told), without overflow; 0 where it would be less than the least normal number. Of a scalar
 * it is 1. NaN, all of it, where the greatest element is not finite.
 */
export const softmax = (x: TensorLike, axis?: Axes): Tensor => softmaxOf([asTensor(x)], axis);

const softmaxOf = composite("softmax", ([x]: One, axis: Axes) => {
  const tensor = asFloat(x);
  const along = axis ?? lastOf(tensor);
  const powers = powersOf(shiftedDown("softmax", tensor, along));
  return mul(powers, div(1, sum(powers, along, { keepDims: true })));
});

/** log(softmax x) along an axis (the last unless told), exact where softmax underflows. */
export const logSoftmax = (x: TensorLike, axis?: Axes): Tensor => logSoftmaxOf([asTensor(x)], axis);

const logSoftmaxOf = composite("logSoftmax", ([x]: One, axis: Axes) => {
  const tensor = asFloat(x);
  const along = axis ?? lastOf(tensor);
  const shifted = shiftedDown("logSoftmax", tensor, along);
  return sub(shifted, log(sum(powersOf(shifted), along, { keepDims: true })));
});

/** eˣ of what is nowhere positive, but where it is NaN all the same. */
const powersOf = (shifted: Tensor): Tensor => bind(decay, [shifted])[0]!;

const lastOf = (x: Tensor): readonly number[] => (x.ndim === 0 ? [] : [x.ndim - 1]);

/** x minus its greatest element: the shift cancels, so it has no derivative. */
function shiftedDown(where: string, x: Tensor, axis: Axes): Tensor {
  const axes = normalizeAxes(where, axis, x.ndim);
  if (x.size === 0) return x;
  // A NaN that peak passes over is one in the difference too.
  const [greatest] = bind(peak, [x], { axes });
  return sub(x, stopGradient(reshape(greatest!, keptShape(x, axes, { keepDims: true }))));
}

export interface NormOptions extends ReduceOptions {
  /** 2: √Σx²; 1: Σ|x|; ±Infinity: the greatest or least |x|. @defaultValue 2 */
  readonly ord?: number;
}

/**
 * Norm of the elements along axes taken as one vector; a matrix gives the Frobenius norm. Where squares might overflow or underflow, the 2-norm is
 * computed of elements times a power of two, which rounds nothing; its derivative at 0 is taken as 0.
 * @throws UnsupportedError for orders other than 1, 2 and ±Infinity
 */
export const norm = (x: TensorLike, axis?: Axes, options?: NormOptions): Tensor => normOf([asTensor(x)], axis, options);

const normOf = composite("norm", ([x]: One, axis: Axes, options: NormOptions = {}) => {
  checkOptions("norm", options, ["keepDims", "ord"]);
  const tensor = asFloat(x);
  const { ord = 2, ...kept } = options;
  const axes = normalizeAxes("norm", axis, tensor.ndim);
  if (![1, 2, Infinity, -Infinity].includes(ord))
    throw new UnsupportedError(`norm: order ${ord} is not offered; give ord 1, 2, Infinity or -Infinity`);
  if (ord === 1) return sum(abs(tensor), axes, kept);
  if (ord === -Infinity) return min(abs(tensor), axes, kept);
  if (sizeOf(axes.map((a) => tensor.shape[a]!)) === 0) return fullLike(tensor, 0, keptShape(tensor, axes, kept));
  if (ord === Infinity) return max(abs(tensor), axes, kept);
  const greatest = stopGradient(max(abs(tensor), axes, { keepDims: true }));
  const number = (value: number): Tensor => constant(value, greatest);
  let scale = number(1);
  for (const { most, power } of greatest.dtype === "float64" ? [near, far] : [near]) {
    scale = where(less(number(most), greatest), number(1 / power), scale);
    scale = where(less(greatest, number(most / power)), number(power), scale);
  }
  const root = mul(rootOf(sum(square(mul(tensor, scale)), axes, { keepDims: true })), div(1, scale));
  return kept.keepDims ? root : reshape(root, keptShape(tensor, axes));
});

/**
 * Numbers above `most` are divided by `power`, those below most / power multiplied by it: then squares of 2³¹ of them have a sum, and what underflows is
 * lost among the greatest. The nearer of the two suits float64 that has the exponents of float32, too, as it has where it is made of pairs of these.
 */
const near = { most: 2 ** 48, power: 2 ** 80 };
const far = { most: 2 ** 128, power: 2 ** 544 };

/** √x with derivative 0 where x is 0. */
function rootOf(x: Tensor): Tensor {
  const zero = equal(x, constant(0, x));
  return where(zero, constant(0, x), sqrt(where(zero, constant(1, x), x)));
}

const countOf = (name: string, x: Tensor, axis: Axes): number =>
  sizeOf(normalizeAxes(name, axis, x.ndim).map((a) => x.shape[a]!));

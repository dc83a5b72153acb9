import { checkOptions } from "../arguments";
import { composite, type One } from "../composite";
import { asTensor, type TensorLike } from "../literals";
import type { Attributes, Primitive } from "../primitive";
import { argmax as argmaxPrimitive } from "../primitives/argmax";
import { argmin as argminPrimitive } from "../primitives/argmin";
import { logsumexp as logsumexpPrimitive } from "../primitives/logsumexp";
import { max as maxPrimitive } from "../primitives/max";
import { min as minPrimitive } from "../primitives/min";
import { prod as prodPrimitive } from "../primitives/prod";
import { sum as sumPrimitive } from "../primitives/sum";
import { bind } from "../run";
import { normalizeAxes, normalizeAxis, sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { fullLike } from "./likes";
import { asFloat, convert } from "./operands";
import { reshape } from "./structure";

/** One axis, several, or all (undefined). Negative axes count from the end. */
export type Axes = number | readonly number[] | undefined;

export interface ReduceOptions {
  /** Reduced axes stay, with length 1. @defaultValue false */
  readonly keepDims?: boolean;
}
const names = ["keepDims"];

/** Numbers: `bool` becomes int32. Internal. */
export const countable = (x: TensorLike): Tensor => {
  const tensor = asTensor(x);
  return tensor.dtype === "bool" ? convert(tensor, "int32") : tensor;
};

/** Sum over axes; of `bool` it is int32. Floats are added in blocks: the error grows with log n. */
export const sum = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor => sumOf([asTensor(x)], axis, options);

/** Product over axes; of `bool` it is int32. The derivative is right for zeros. */
export const prod = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor =>
  prodOf([asTensor(x)], axis, options);

/** Greatest element over axes; NaN if there is one. Elements that tie share the derivative equally. */
export const max = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor => maxOf([asTensor(x)], axis, options);

/** Least element over axes; NaN if there is one. Elements that tie share the derivative equally. */
export const min = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor => minOf([asTensor(x)], axis, options);

/** log Σ exp x over axes without overflow. −∞ where there are no elements or all are −∞; the derivative is 0 there. */
export const logsumexp = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor =>
  logsumexpOf([asTensor(x)], axis, options);

/** Position (int32) of the greatest element along an axis, or in row-major order. The first of equals; the first NaN if there is one. */
export const argmax = (x: TensorLike, axis?: number, options?: ReduceOptions): Tensor =>
  argmaxOf([asTensor(x)], axis, options);

/** Position (int32) of the least element along an axis, or in row-major order. The first of equals; the first NaN if there is one. */
export const argmin = (x: TensorLike, axis?: number, options?: ReduceOptions): Tensor =>
  argminOf([asTensor(x)], axis, options);

/** Is any element not zero? False for none. */
export const any = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor => anyOf([asTensor(x)], axis, options);

/** Are all elements not zero? True for none. */
export const all = (x: TensorLike, axis?: Axes, options?: ReduceOptions): Tensor => allOf([asTensor(x)], axis, options);

type Along = Primitive<{ readonly axes: readonly number[] }>;

const reduction = (where: string, op: Along, numbers: (x: TensorLike) => Tensor) =>
  composite(where, ([x]: One, axis: Axes, options: ReduceOptions | undefined) =>
    reduce(op, where, numbers(x), axis, options),
  );
const sumOf = reduction("sum", sumPrimitive, countable);
const prodOf = reduction("prod", prodPrimitive, countable);
const maxOf = reduction("max", maxPrimitive, asTensor);
const minOf = reduction("min", minPrimitive, asTensor);
const logsumexpOf = reduction("logsumexp", logsumexpPrimitive, asFloat);

const logical = (where: string, op: Along, ofNone: boolean) =>
  composite(where, ([x]: One, axis: Axes, options: ReduceOptions = {}) => {
    checkOptions(where, options, names);
    const tensor = convert(x, "bool");
    const axes = normalizeAxes(where, axis, tensor.ndim);
    if (sizeOf(axes.map((a) => tensor.shape[a]!)) > 0) return reduce(op, where, tensor, axes, options);
    return fullLike(tensor, ofNone, keptShape(tensor, axes, options));
  });
const anyOf = logical("any", maxPrimitive, false);
const allOf = logical("all", minPrimitive, true);

/** The shape after a reduction. Internal. */
export const keptShape = (x: Tensor, axes: readonly number[], options: ReduceOptions = {}): number[] =>
  x.shape.flatMap((n, a) => (axes.includes(a) ? (options.keepDims ? [1] : []) : [n]));

function reduce(op: Along, where: string, x: Tensor, axis: Axes, options: ReduceOptions = {}): Tensor {
  checkOptions(where, options, names);
  const axes = normalizeAxes(where, axis, x.ndim);
  const result = bind(op, [x], { axes })[0]!;
  return options.keepDims ? reshape(result, keptShape(x, axes, options)) : result;
}

const search = (where: string, op: Primitive<Attributes & { readonly axis: number }>) =>
  composite(where, ([x]: One, axis: number | undefined, options: ReduceOptions = {}) => {
    checkOptions(where, options, names);
    const line = axis === undefined ? reshape(x, [x.size]) : x;
    const along = normalizeAxis(where, axis ?? 0, line.ndim);
    const result = bind(op, [line], { axis: along })[0]!;
    if (!options.keepDims) return result;
    return reshape(result, axis === undefined ? x.shape.map(() => 1) : x.shape.with(along, 1));
  });
const argmaxOf = search("argmax", argmaxPrimitive);
const argminOf = search("argmin", argminPrimitive);

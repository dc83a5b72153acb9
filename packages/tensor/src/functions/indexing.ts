import { checkOptions, isCount } from "../arguments";
import { composite, type One, type Two } from "../composite";
import { isInteger } from "../dtype";
import { DTypeError, ShapeError } from "../errors";
import { asTensor, type TensorLike } from "../literals";
import { argsort as argsortPrimitive } from "../primitives/argsort";
import { cumprod as cumprodPrimitive } from "../primitives/cumprod";
import { cumsum as cumsumPrimitive } from "../primitives/cumsum";
import { dynamicSlice as dynamicSlicePrimitive } from "../primitives/dynamic-slice";
import { dynamicUpdate as dynamicUpdatePrimitive } from "../primitives/dynamic-update";
import { gather as gatherPrimitive } from "../primitives/gather";
import { gatherShape } from "../primitives/indices";
import { scatterAdd as scatterAddPrimitive } from "../primitives/scatter-add";
import { bind } from "../run";
import { normalizeAxis, printShape, sameShape } from "../shape";
import { type Nested, Tensor } from "../tensor";
import { tensor } from "./create";
import { asTensors, convert, repeat, settle } from "./operands";
import { countable } from "./reduce";
import { permute, reshape } from "./structure";

/** Indices: a tensor of integers, an integer, or nested arrays of them. */
export type Indices = Tensor | Nested;

export interface GatherOptions {
  /** How many leading axes x and indices share: each entry along them has its own indices. @defaultValue 0 */
  readonly batch?: number;
}

/**
 * Elements at positions along an axis (of the flattened tensor if none is given), as NumPy's take: the axis is replaced by the axes of the
 * indices. A negative index counts from the end; one out of range takes the nearest element.
 * @example take(tensor([10, 20, 30]), [2, 0, -1]) // [30, 10, 30]
 */
export function take(x: TensorLike, indices: Indices, axis?: number): Tensor {
  const from = asTensor(x);
  return takeOf([from, indicesOf(indices, from)], axis);
}

const takeOf = composite("take", ([x, at]: Two, axis: number | undefined) =>
  axis === undefined ? gather(reshape(x, [x.size]), at) : gather(x, at, axis),
);

/**
 * Slices of x at positions along an axis; like take, and with `batch` each entry along the leading axes has its own indices.
 * Indices out of range read the nearest element.
 */
export function gather(x: TensorLike, indices: Indices, axis?: number, options?: GatherOptions): Tensor {
  const from = asTensor(x);
  return gatherOf([from, indicesOf(indices, from)], axis, options);
}

const gatherOf = composite("gather", ([x, indices]: Two, axis: number | undefined = 0, options: GatherOptions = {}) => {
  const at = indexTensor("gather", indices, x);
  return bind(gatherPrimitive, [x, at], place("gather", x, at, axis, options))[0]!;
});

/**
 * x with updates added at positions along an axis: the transpose of gather. Updates have the shape that gather would give, or broadcast to
 * it; several for one place are added in row-major order. Indices out of range mean the nearest element.
 */
export function scatterAdd(
  x: TensorLike,
  indices: Indices,
  updates: TensorLike,
  axis?: number,
  options?: GatherOptions,
): Tensor {
  const [base, added] = asTensors("scatterAdd", [x, updates]);
  return scatterAddOf([base, added, indicesOf(indices, base)], axis, options);
}

type Three = readonly [Tensor, Tensor, Tensor];

const scatterAddOf = composite(
  "scatterAdd",
  ([x, updates, indices]: Three, axis: number | undefined = 0, options: GatherOptions = {}) => {
    const [base, added] = settle("scatterAdd", [x, updates]);
    const at = indexTensor("scatterAdd", indices, base);
    const attributes = place("scatterAdd", base, at, axis, options);
    const shape = gatherShape(base.shape, at.shape, attributes.axis, attributes.batch);
    const skip = shape.length - added.ndim;
    if (skip < 0 || !added.shape.every((n, a) => n === 1 || n === shape[skip + a]))
      throw new ShapeError(
        `scatterAdd: updates of shape ${printShape(added.shape)} for ${printShape(at.shape)} indices along axis ${attributes.axis} of ` +
          `${printShape(base.shape)}; give updates that broadcast to ${printShape(shape)}`,
      );
    if (base.dtype === "bool")
      throw new DTypeError(`scatterAdd: takes number tensors, not bool; cast it first, as in cast(x, "int32")`);
    return bind(scatterAddPrimitive, [base, at, repeat(added, shape)], attributes)[0]!;
  },
);

function place(
  where: string,
  x: Tensor,
  indices: Tensor,
  axis: number,
  options: GatherOptions,
): { axis: number; batch: number } {
  checkOptions(where, options, ["batch"]);
  const { batch = 0 } = options;
  const along = normalizeAxis(where, axis, x.ndim);
  if (
    !isCount(batch) ||
    batch > along ||
    batch > indices.ndim ||
    !sameShape(x.shape.slice(0, batch), indices.shape.slice(0, batch))
  )
    throw new ShapeError(
      `${where}: ${batch} batch axes of shapes ${printShape(x.shape)} and ${printShape(indices.shape)} along axis ${along}; ` +
        `leading axes must be equal and come before the axis`,
    );
  return { axis: along, batch };
}

const indicesOf = (indices: Indices, { target }: Tensor): Tensor =>
  indices instanceof Tensor ? indices : tensor(indices, { dtype: "int32", target });

function indexTensor(where: string, indices: Indices, x: Tensor): Tensor {
  const at = indicesOf(indices, x);
  if (!isInteger(at.dtype))
    throw new DTypeError(`${where}: indices are ${at.dtype}; give integers, as in cast(indices, "int32")`);
  return convert(at, "int32");
}

/**
 * The `length` elements along an axis from a computed position on. A start with which they would not all be inside is moved to the nearest
 * that fits.
 */
export function dynamicSlice(x: TensorLike, start: TensorLike, length: number, axis = 0): Tensor {
  const from = asTensor(x);
  const along = normalizeAxis("dynamicSlice", axis, from.ndim);
  if (!Number.isInteger(length) || length < 0 || length > from.shape[along]!)
    throw new ShapeError(
      `dynamicSlice: ${length} elements of axis ${along} of shape ${printShape(from.shape)}; give an integer from 0 to ${from.shape[along]}`,
    );
  return bind(dynamicSlicePrimitive, [from, position("dynamicSlice", start, from)], { axis: along, length })[0]!;
}

/** x with the elements along an axis from a computed position on replaced; the start is moved as in dynamicSlice. */
export function dynamicUpdate(x: TensorLike, start: TensorLike, update: TensorLike, axis = 0): Tensor {
  const base = asTensor(x);
  const next = convert(asTensor(update), base.dtype);
  const along = normalizeAxis("dynamicUpdate", axis, base.ndim);
  const fits =
    next.ndim === base.ndim && next.shape.every((n, a) => (a === along ? n <= base.shape[a]! : n === base.shape[a]));
  if (!fits)
    throw new ShapeError(
      `dynamicUpdate: an update of shape ${printShape(next.shape)} for ${printShape(base.shape)} along axis ${along}; ` +
        `other lengths must be equal, and that one not greater`,
    );
  return bind(dynamicUpdatePrimitive, [base, position("dynamicUpdate", start, base), next], { axis: along })[0]!;
}

function position(where: string, start: TensorLike, x: Tensor): Tensor {
  const at = indexTensor(where, typeof start === "boolean" ? Number(start) : start, x);
  if (at.ndim !== 0) throw new ShapeError(`${where}: the start has shape ${printShape(at.shape)}; give a scalar`);
  return at;
}

/** Running sum along an axis (of the flattened tensor if none is given). */
export const cumsum = (x: TensorLike, axis?: number): Tensor => cumsumOf([asTensor(x)], axis);

/** Running product along an axis (of the flattened tensor if none is given). The derivative is right for zeros. */
export const cumprod = (x: TensorLike, axis?: number): Tensor => cumprodOf([asTensor(x)], axis);

const running = (where: string, op: typeof cumsumPrimitive) =>
  composite(where, ([x]: One, axis: number | undefined) => {
    const numbers = countable(x);
    const line = axis === undefined ? reshape(numbers, [numbers.size]) : numbers;
    return bind(op, [line], { axis: normalizeAxis(where, axis ?? 0, line.ndim), reverse: false })[0]!;
  });
const cumsumOf = running("cumsum", cumsumPrimitive);
const cumprodOf = running("cumprod", cumprodPrimitive);

/** Positions (int32) that put an axis in ascending order (the last unless told): equals keep their order, NaNs come last. */
export const argsort = (x: TensorLike, axis = -1): Tensor => {
  const from = asTensor(x);
  return bind(argsortPrimitive, [from], { axis: normalizeAxis("argsort", axis, from.ndim) })[0]!;
};

/** In ascending order along an axis (the last unless told): equals keep their order, NaNs come last. */
export const sort = (x: TensorLike, axis?: number): Tensor => sortOf([asTensor(x)], axis);

const sortOf = composite("sort", ([from]: One, axis: number | undefined = -1) => {
  const along = normalizeAxis("sort", axis, from.ndim);
  const last = from.ndim - 1;
  // Lines along the last axis, each with positions of its own; the exchange of two axes is its own inverse.
  const exchange = from.shape.map((_, a) => (a === along ? last : a === last ? along : a));
  const lines = permute(from, exchange);
  return permute(gather(lines, argsort(lines), last, { batch: last }), exchange);
});

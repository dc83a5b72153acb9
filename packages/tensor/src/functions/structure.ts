import { arePairs, checkNumbers, kindOf } from "../arguments";
import { composite, composites, type One, type Two } from "../composite";
import { invariant, ShapeError } from "../errors";
import { asTensor, numberLike, type TensorLike } from "../literals";
import { concat as concatPrimitive } from "../primitives/concat";
import { flip as flipPrimitive } from "../primitives/flip";
import { pad as padPrimitive } from "../primitives/pad";
import { reshape as reshapePrimitive } from "../primitives/reshape";
import { slice as slicePrimitive } from "../primitives/slice";
import { transpose as transposePrimitive } from "../primitives/transpose";
import { bind } from "../run";
import { checkShape, normalizeAxes, normalizeAxis, printShape, sameShape, type Shape, sizeOf } from "../shape";
import { Tensor } from "../tensor";
import { asTensors, convert, repeat, settle } from "./operands";

/**
 * The same elements in the same (row-major) order, in another shape; one length may be −1 and is then found from the others.
 * @example reshape(arange(6), [2, -1]) // shape [2, 3]
 */
export function reshape(x: TensorLike, shape: Shape): Tensor {
  const tensor = asTensor(x);
  const found = inferLength(tensor.shape, shape);
  return sameShape(tensor.shape, found) ? tensor : bind(reshapePrimitive, [tensor], { shape: found })[0]!;
}

function inferLength(from: Shape, shape: Shape): Shape {
  checkShape("reshape", Array.isArray(shape) ? shape.map((n) => (n === -1 ? 0 : (n as number))) : shape);
  const open = shape.filter((n) => n === -1).length;
  const rest = sizeOf(shape.filter((n) => n !== -1));
  const size = sizeOf(from);
  if (open > 1 || (open === 1 ? rest === 0 || size % rest !== 0 : rest !== size))
    throw new ShapeError(
      `reshape: a tensor of shape ${printShape(from)} has ${size} elements and does not fit ${printShape(shape)}; ` +
        `give a shape with as many elements, with at most one length -1`,
    );
  return shape.map((n) => (n === -1 ? size / rest : n));
}

/** Without axes of length 1: those named, or all. */
export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const tensor = asTensor(x);
  const axes =
    axis === undefined
      ? tensor.shape.flatMap((n, a) => (n === 1 ? [a] : []))
      : normalizeAxes("squeeze", axis, tensor.ndim);
  const long = axes.find((a) => tensor.shape[a] !== 1);
  if (long !== undefined)
    throw new ShapeError(
      `squeeze: axis ${long} of shape ${printShape(tensor.shape)} has length ${tensor.shape[long]}; only axes of length 1 can be dropped`,
    );
  return reshape(
    tensor,
    tensor.shape.filter((_, a) => !axes.includes(a)),
  );
}

/** With a new axis of length 1 at place `axis` of the result (several: places in the result). */
export function expandDims(x: TensorLike, axis: number | readonly number[] = 0): Tensor {
  const tensor = asTensor(x);
  const places = typeof axis === "number" ? [axis] : axis;
  checkNumbers("expandDims", "axis", places);
  const axes = normalizeAxes("expandDims", places, tensor.ndim + places.length);
  const shape = [...tensor.shape];
  for (const a of axes) shape.splice(a, 0, 1);
  return reshape(tensor, shape);
}

/** Repeated to a shape, as NumPy broadcasts: lengths, counted from the last axis, are equal or 1. */
export const broadcastTo = (x: TensorLike, shape: Shape): Tensor =>
  repeat(asTensor(x), checkShape("broadcastTo", shape));

/** Axes in another order: result axis j is axis `axes[j]`; in reverse order if none are given. */
export function transpose(x: TensorLike, axes?: readonly number[]): Tensor {
  const tensor = asTensor(x);
  return permuted("transpose", tensor, axes ?? tensor.shape.map((_, a) => tensor.ndim - 1 - a));
}

/** Axes in another order: result axis j is axis `axes[j]`. */
export const permute = (x: TensorLike, axes: readonly number[]): Tensor => permuted("permute", asTensor(x), axes);

function permuted(where: string, x: Tensor, axes: readonly number[]): Tensor {
  checkNumbers(where, "axes", axes);
  const permutation = axes.map((a) => normalizeAxis(where, a, x.ndim));
  if (permutation.length !== x.ndim || new Set(permutation).size !== x.ndim)
    throw new ShapeError(
      `${where}: axes ${printShape(axes)} for a tensor of shape ${printShape(x.shape)}; name each of its ${x.ndim} axes once`,
    );
  return permutation.every((a, j) => a === j) ? x : bind(transposePrimitive, [x], { permutation })[0]!;
}

/** One after another along an existing axis. Dtypes promote; other lengths are equal. */
export function concat(list: readonly TensorLike[], axis = 0): Tensor {
  checkList("concat", list);
  if (list.length === 0) throw new ShapeError("concat: an empty list; give at least one tensor");
  return concatOf(asTensors("concat", list), axis);
}

const concatOf = composite("concat", (list: readonly Tensor[], axis: number) => {
  const tensors = settle("concat", list);
  const shape = tensors[0]!.shape;
  if (shape.length === 0) throw new ShapeError("concat: scalars have no axis to be joined along; use stack");
  const along = normalizeAxis("concat", axis, shape.length);
  for (const x of tensors)
    if (x.ndim !== shape.length || !sameShape(x.shape.with(along, 0), shape.with(along, 0)))
      throw new ShapeError(
        `concat: shapes ${printShape(shape)} and ${printShape(x.shape)} differ off axis ${along}; make all other lengths equal`,
      );
  return tensors.length === 1 ? tensors[0]! : bind(concatPrimitive, tensors, { axis: along })[0]!;
});

function checkList(where: string, list: unknown): void {
  if (!Array.isArray(list))
    throw new TypeError(
      `${where}: ${kindOf(list)} in place of a list; give an array of tensors, as in ${where}([x, y])`,
    );
}

/** Tensors of one shape, joined along a new axis at place `axis` of the result. */
export function stack(list: readonly TensorLike[], axis = 0): Tensor {
  checkList("stack", list);
  if (list.length === 0) throw new ShapeError("stack: an empty list; give at least one tensor");
  return stackOf(asTensors("stack", list), axis);
}

const stackOf = composite("stack", (list: readonly Tensor[], axis: number) => {
  const tensors = settle("stack", list);
  for (const x of tensors)
    if (!sameShape(x.shape, tensors[0]!.shape))
      throw new ShapeError(
        `stack: shapes ${printShape(tensors[0]!.shape)} and ${printShape(x.shape)} differ; give tensors of one shape`,
      );
  const along = normalizeAxis("stack", axis, tensors[0]!.ndim + 1);
  return concat(
    tensors.map((x) => expandDims(x, along)),
    along,
  );
});

/** Parts along an axis: so many equal ones (a number), or of the given lengths (an array). */
export const split = (x: TensorLike, sections: number | readonly number[], axis?: number): Tensor[] =>
  splitOf([asTensor(x)], sections, axis);

const splitOf = composites(
  "split",
  ([tensor]: One, sections: number | readonly number[], axis: number | undefined = 0) => {
    const along = normalizeAxis("split", axis, tensor.ndim);
    const length = tensor.shape[along]!;
    if (typeof sections !== "number") checkNumbers("split", "sections", sections);
    const fits =
      typeof sections === "number"
        ? sections > 0 && Number.isInteger(length / sections)
        : sizeOfList(sections) === length;
    if (!fits)
      throw new ShapeError(
        `split: axis ${along} of length ${length} into ${typeof sections === "number" ? `${sections} parts` : printShape(sections)}; ` +
          `give a number of equal parts, or lengths that add up to ${length}`,
      );
    const sizes = typeof sections === "number" ? new Array<number>(sections).fill(length / sections) : sections;
    let start = 0;
    return sizes.map((size) => cut(tensor, along, start, (start += size)));
  },
);

const sizeOfList = (sizes: readonly number[]): number =>
  sizes.every((n) => Number.isInteger(n) && n >= 0) ? sizes.reduce((a, b) => a + b, 0) : NaN;

/** The part of an axis from start up to limit. Internal. */
export function cut(x: Tensor, axis: number, start: number, limit: number): Tensor {
  if (start === 0 && limit === x.shape[axis]) return x;
  return bind(slicePrimitive, [x], {
    starts: x.shape.map((_, a) => (a === axis ? start : 0)),
    limits: x.shape.map((n, a) => (a === axis ? limit : n)),
    strides: x.shape.map(() => 1),
  })[0]!;
}

/**
 * Along each axis the elements start, start + stride, … before end, as NumPy's start:end:stride: negative positions count from the end,
 * those out of range are moved into it, and axes not given are whole. Strides are positive; reverse with flip.
 * @example slice(x, [1, 0], [-1, 2]) // x[1:-1, 0:2]
 */
export const slice = (
  x: TensorLike,
  starts: readonly number[],
  ends: readonly number[],
  strides?: readonly number[],
): Tensor => sliceOf([asTensor(x)], starts, ends, strides);

type Places = readonly number[];

const sliceOf = composite("slice", ([tensor]: One, starts: Places, ends: Places, strides: Places = []) => {
  const { shape } = tensor;
  checkNumbers("slice", "starts", starts);
  checkNumbers("slice", "ends", ends);
  checkNumbers("slice", "strides", strides);
  if (Math.max(starts.length, ends.length, strides.length) > shape.length)
    throw new ShapeError(
      `slice: starts ${printShape(starts)}, ends ${printShape(ends)}, strides ${printShape(strides)} for shape ${printShape(shape)}; ` +
        `give at most one of each per axis`,
    );
  if (strides.some((n) => !Number.isInteger(n) || n < 1))
    throw new ShapeError(
      `slice: strides ${printShape(strides)} must be positive integers; use flip to reverse an axis`,
    );
  if ([...starts, ...ends].some((n) => !Number.isInteger(n) && Math.abs(n) !== Infinity))
    throw new ShapeError(
      `slice: starts ${printShape(starts)} and ends ${printShape(ends)} must be integers; round them first`,
    );
  const place = (at: number, n: number): number => Math.max(0, Math.min(n, at < 0 ? at + n : at));
  const from = shape.map((n, a) => place(starts[a] ?? 0, n));
  const limits = shape.map((n, a) => Math.max(from[a]!, place(ends[a] ?? n, n)));
  const steps = shape.map((_, a) => strides[a] ?? 1);
  if (from.every((at, a) => at === 0 && limits[a] === shape[a] && steps[a] === 1)) return tensor;
  return bind(slicePrimitive, [tensor], { starts: from, limits, strides: steps })[0]!;
});

/**
 * With elements of `value` added before and after: one number for all sides, or [before, after] for each axis.
 * @example pad(x, [[1, 0], [0, 2]]) // one row before, two columns after
 */
export function pad(
  x: TensorLike,
  widths: number | readonly (readonly [number, number])[],
  value: TensorLike = 0,
): Tensor {
  const tensor = asTensor(x);
  return padOf([tensor, value instanceof Tensor ? value : numberLike(value, tensor, "pad")], widths);
}

type Widths = number | readonly (readonly [number, number])[];

const padOf = composite("pad", ([tensor, filler]: Two, widths: Widths) => {
  const sides = typeof widths === "number" ? tensor.shape.map(() => [widths, widths] as const) : widths;
  if (!arePairs(sides, tensor.ndim))
    throw new ShapeError(
      `pad: widths ${JSON.stringify(widths)} for shape ${printShape(tensor.shape)}; ` +
        `give a non-negative integer, or a pair [before, after] of them for each of the ${tensor.ndim} axes`,
    );
  if (filler.ndim !== 0)
    throw new ShapeError(`pad: the value has shape ${printShape(filler.shape)}; give a number or a scalar tensor`);
  if (sides.every(([low, high]) => low === 0 && high === 0)) return tensor;
  return bind(padPrimitive, [tensor, convert(filler, tensor.dtype)], {
    low: sides.map((side) => side[0]),
    high: sides.map((side) => side[1]),
  })[0]!;
});

/** In reverse order along some axes, or all. */
export function flip(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const tensor = asTensor(x);
  const axes = normalizeAxes("flip", axis, tensor.ndim);
  return axes.length === 0 ? tensor : bind(flipPrimitive, [tensor], { axes })[0]!;
}

/** The whole tensor again and again: `repeats[j]` times along axis j; missing repeats or axes count from the last, as NumPy's. */
export const tile = (x: TensorLike, repeats: number | readonly number[]): Tensor => tileOf([asTensor(x)], repeats);

const tileOf = composite("tile", ([tensor]: One, repeats: number | readonly number[]) => {
  const given = checkShape("tile", typeof repeats === "number" ? [repeats] : repeats);
  const rank = Math.max(given.length, tensor.ndim);
  const times = [...new Array<number>(rank - given.length).fill(1), ...given];
  const lengths = [...new Array<number>(rank - tensor.ndim).fill(1), ...tensor.shape];
  const spread = broadcastTo(
    reshape(
      tensor,
      lengths.flatMap((n) => [1, n]),
    ),
    lengths.flatMap((n, a) => [times[a]!, n]),
  );
  return reshape(
    spread,
    lengths.map((n, a) => n * times[a]!),
  );
});

/** The elements x[…, i, …, i, …] of two axes of equal length, as a new last axis. Internal to einsum. */
export function diagonal(x: Tensor, first: number, second: number): Tensor {
  const length = x.shape[first]!;
  invariant(length === x.shape[second], "a diagonal has axes of one length");
  const rest = x.shape.map((_, a) => a).filter((a) => a !== first && a !== second);
  const moved = permute(x, [...rest, first, second]);
  const lead = rest.map((a) => x.shape[a]!);
  const flat = reshape(moved, [...lead, length * length]);
  return slice(flat, [], [], [...lead.map(() => 1), length + 1]);
}

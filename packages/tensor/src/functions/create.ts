import { checkOptions, kindOf } from "../arguments";
import { allocate, checkDType, type DType, dtypeOfArray, isFloat, type TypedArray } from "../dtype";
import { DTypeError, ShapeError, UnsupportedError } from "../errors";
import { checkSize, checkShape, printShape, type Shape, sizeOf } from "../shape";
import { defaultTarget } from "../targets/default";
import { checkTarget, type Target } from "../targets/target";
import { type Nested, Tensor } from "../tensor";

export interface CreateOptions {
  /** @defaultValue float32, or what the function says */
  readonly dtype?: DType | undefined;
  /** @defaultValue defaultTarget() */
  readonly target?: Target | undefined;
}

/**
 * A tensor of numbers or booleans: one, nested arrays of one shape, or a typed array (copied; it keeps its type). Numbers are float32,
 * booleans `bool`, unless told.
 * @example tensor([[1, 2], [3, 4]]) // float32, shape [2, 2]
 * @throws ShapeError for ragged arrays, DTypeError for elements that no dtype holds
 */
export function tensor(values: Nested | ArrayBufferView, options: CreateOptions = {}): Tensor {
  if (ArrayBuffer.isView(values)) return fromTyped(values, options);
  const shape = shapeOf(values);
  const flat: (number | boolean)[] = [];
  flatten(values, shape, 0, flat);
  const otherwise = flat.length > 0 && flat.every((v) => typeof v === "boolean") ? "bool" : "float32";
  return make("tensor", shape, otherwise, options, (array, dtype) =>
    flat.forEach((v, i) => (array[i] = toElement(Number(v), dtype))),
  );
}

function fromTyped(values: ArrayBufferView, options: CreateOptions): Tensor {
  const own = dtypeOfArray(values);
  if (!own)
    throw new DTypeError(
      `tensor: no dtype holds a ${values.constructor.name}; copy it into a Float32Array, Float64Array, Int32Array, Uint32Array or ` +
        `Uint8Array (bool) first`,
    );
  const source = values as TypedArray;
  return make("tensor", [source.length], own, options, (array, to) => {
    if (own === to && to !== "bool") array.set(source);
    else
      for (let i = 0; i < source.length; i++)
        array[i] = isFloat(own) || to === "bool" ? toElement(source[i]!, to) : source[i]!;
  });
}

/** A number as an element: integers are truncated and kept in range, NaN is 0 (as cast does); `bool` asks whether it is not 0. */
function toElement(value: number, dtype: DType): number {
  if (dtype === "bool") return Number(value !== 0);
  if (isFloat(dtype)) return value;
  const [low, high] = dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  return Number.isNaN(value) ? 0 : Math.max(low, Math.min(high, Math.trunc(value)));
}

function shapeOf(values: Nested): number[] {
  const shape: number[] = [];
  for (let part: unknown = values; Array.isArray(part); part = part[0]) shape.push(part.length);
  return shape;
}

function flatten(values: unknown, shape: Shape, depth: number, into: (number | boolean)[]): void {
  if (depth < shape.length) {
    if (!Array.isArray(values) || values.length !== shape[depth])
      throw new ShapeError(
        `tensor: ragged nested arrays: ${describe(values)} where ${printShape(shape)} needs an array of ${shape[depth]} at depth ${depth}; ` +
          `give all arrays of one level the same length`,
      );
    for (const part of values) flatten(part, shape, depth + 1, into);
  } else if (typeof values === "number" || typeof values === "boolean") into.push(values);
  else if (Array.isArray(values))
    throw new ShapeError(
      `tensor: ragged nested arrays: ${describe(values)} where others have a number, at depth ${depth}; ` +
        `give all arrays of one level the same length`,
    );
  else if (values instanceof Tensor)
    throw new DTypeError("tensor: an element is a tensor; join tensors with stack or concat");
  else throw new DTypeError(`tensor: an element is ${describe(values)}; give numbers or booleans`);
}

const describe = (value: unknown): string =>
  Array.isArray(value)
    ? `an array of ${value.length}`
    : typeof value === "number"
      ? `the number ${value}`
      : kindOf(value);

/** A tensor that `fill` fills; the dtype is `otherwise` unless the options say another. */
function make(
  where: string,
  shape: Shape,
  otherwise: DType,
  options: CreateOptions,
  fill?: (array: TypedArray, dtype: DType) => void,
): Tensor {
  checkOptions(where, options, ["dtype", "target"]);
  const { dtype = otherwise, target = defaultTarget() } = options;
  checkDType(where, dtype);
  checkTarget(where, target);
  if (!target.supports(dtype))
    throw new UnsupportedError(
      `${where}: ${target.name} has no ${dtype}; ${target.remedy ?? `choose another dtype, as in { dtype: "float32" }, or target`}`,
    );
  checkSize(where, shape);
  const array = allocate(dtype, sizeOf(shape));
  fill?.(array, dtype);
  return Tensor.concrete(target.upload(array, dtype, shape), { dtype, shape }, target);
}

/** Zeros: float32 unless told. */
export const zeros = (shape: Shape, options: CreateOptions = {}): Tensor => filled("zeros", shape, 0, options);

/** Ones: float32 unless told. */
export const ones = (shape: Shape, options: CreateOptions = {}): Tensor => filled("ones", shape, 1, options);

/** One value everywhere: float32 unless told, `bool` for a boolean. */
export const full = (shape: Shape, value: number | boolean, options: CreateOptions = {}): Tensor =>
  filled("full", shape, value, options);

function filled(where: string, shape: Shape, value: number | boolean, options: CreateOptions): Tensor {
  if (typeof value !== "number" && typeof value !== "boolean")
    throw new TypeError(`${where}: the value is ${kindOf(value)}; give a number or a boolean`);
  const otherwise = typeof value === "boolean" ? "bool" : "float32";
  const empty = Object.is(Number(value), 0);
  return make(
    where,
    [...checkShape(where, shape)],
    otherwise,
    options,
    empty ? undefined : (array, dtype) => array.fill(toElement(Number(value), dtype)),
  );
}

/**
 * start, start + step, … before stop; `arange(n)` counts from 0. int32 when all are integers, else float32, unless told.
 * @throws RangeError for a step of 0 or bounds that are not finite
 */
export function arange(stop: number, options?: CreateOptions): Tensor;
export function arange(start: number, stop: number, step?: number, options?: CreateOptions): Tensor;
export function arange(first: number, second?: number | CreateOptions, third = 1, fourth: CreateOptions = {}): Tensor {
  const counts = typeof second !== "number";
  const [start, stop, step] = counts ? [0, first, 1] : [first, second, third];
  const options = counts ? (second ?? {}) : fourth;
  if (![start, stop, step].every(Number.isFinite) || step === 0)
    throw new RangeError(`arange: from ${start} to ${stop} by ${step}; bounds must be finite and the step not 0`);
  const otherwise = [start, stop, step].every(Number.isInteger) ? "int32" : "float32";
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return make("arange", [length], otherwise, options, (array, dtype) => {
    for (let i = 0; i < length; i++) array[i] = toElement(start + i * step, dtype);
  });
}

/** `count` numbers at equal distances, both ends exact. Computed in float64, float32 unless told. */
export function linspace(start: number, stop: number, count = 50, options: CreateOptions = {}): Tensor {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`linspace: a count of ${count}; give a non-negative integer`);
  if (typeof start !== "number" || typeof stop !== "number")
    throw new TypeError(`linspace: from ${kindOf(start)} to ${kindOf(stop)}; give two numbers`);
  return make("linspace", [count], "float32", options, (array, dtype) => {
    const step = (stop - start) / (count - 1);
    for (let i = 0; i < count; i++)
      array[i] = toElement(i > 0 && i === count - 1 ? stop : i === 0 ? start : start + i * step, dtype);
  });
}

/** Ones on the diagonal, zeros elsewhere: `rows` by `columns` (as many as rows unless told). */
export function eye(rows: number, options?: CreateOptions): Tensor;
export function eye(rows: number, columns?: number, options?: CreateOptions): Tensor;
export function eye(rows: number, second?: number | CreateOptions, third: CreateOptions = {}): Tensor {
  const [columns, options] = typeof second === "object" ? [rows, second] : [second ?? rows, third];
  return make("eye", [...checkShape("eye", [rows, columns])], "float32", options, (array) => {
    for (let i = 0; i < Math.min(rows, columns); i++) array[i * columns + i] = 1;
  });
}

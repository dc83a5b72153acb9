import type { DType } from "./dtype";
import { TraceError, UnsupportedError } from "./errors";
import * as functions from "./functions";
import { copyTo } from "./move";
import { printShape } from "./shape";
import { checkTarget, type Target } from "./targets/target";
import { Tensor } from "./tensor";

type Functions = typeof functions;

/** Functions that are methods of their first argument. A name here and a line in `functions/index.ts` is all that a method takes. */
// prettier-ignore
export const methodNames = [
  "add", "sub", "mul", "div", "pow", "mod", "maximum", "minimum", "neg", "abs", "sign", "square", "sqrt", "rsqrt", "clip", "floor", "ceil", "round",
  "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "erf", "erfinv",
  "sigmoid", "softplus", "relu", "gelu", "silu", "elu",
  "where", "less", "lessEqual", "greater", "greaterEqual", "equal", "notEqual", "and", "or", "not", "isNaN", "isFinite",
  "xor", "shiftLeft", "shiftRight", "cast", "stopGradient",
  "sum", "mean", "prod", "max", "min", "argmax", "argmin", "variance", "std", "logsumexp", "softmax", "logSoftmax", "norm",
  "cumsum", "cumprod", "any", "all",
  "matmul", "dot", "outer", "contract", "transpose", "permute", "reshape", "squeeze", "expandDims", "broadcastTo", "split", "slice",
  "pad", "flip", "take", "gather", "scatterAdd", "tile", "sort", "argsort", "conv1d", "conv2d", "convTranspose2d",
] as const;

type Method<F> = F extends (x: never, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;

/** Every function of one or more tensors, as a method of the first: `x.add(y)` is `add(x, y)`. */
export type FunctionMethods = {
  readonly [Name in (typeof methodNames)[number] & keyof Functions]: Method<Functions[Name]>;
};

/** What methods the functions give to tensors. Declared on `Tensor` itself, next to the class; installed by this module. */
export interface TensorMethods extends FunctionMethods {
  /** This tensor and others, one after another along an axis. @defaultValue axis: 0 */
  concat(others: Tensor | readonly Tensor[], axis?: number): Tensor;
  /** This tensor and others of the same shape, side by side along a new axis. @defaultValue axis: 0 */
  stack(others: Tensor | readonly Tensor[], axis?: number): Tensor;
  /** Einstein summation with this tensor as the first operand. @example x.einsum("ij,j->i", y) */
  einsum(equation: string, ...others: readonly Tensor[]): Tensor;
  /**
   * Converted to a dtype (see `cast`), or copied to a target.
   * @throws TraceError for a traced tensor and a target; UnsupportedError for a target without the dtype, and where numbers must be waited for, as on
   * webgpu: `tensor(await x.data(), { target }).reshape(x.shape)` does it then
   */
  to(target: DType | Target): Tensor;
}

type AnyFunction = (...args: readonly unknown[]) => Tensor;
const table = functions as unknown as Readonly<Record<string, AnyFunction>>;

const call = (name: string, ...args: readonly unknown[]): Tensor => table[name]!(...args);

const joined = (x: Tensor, others: Tensor | readonly Tensor[]): readonly Tensor[] => [
  x,
  ...(Array.isArray(others) ? (others as readonly Tensor[]) : [others as Tensor]),
];

function moved(x: Tensor, target: Target): Tensor {
  x.checkUsable("to");
  if (x.tape)
    throw new TraceError(
      `to: a traced ${x.dtype}${printShape(x.shape)} cannot move to ${target.name}; a program runs on one target: move its arguments`,
    );
  if (x.target === target) return x;
  if (!target.supports(x.dtype))
    throw new UnsupportedError(
      `to: ${target.name} has no ${x.dtype}; ${target.remedy ?? `cast it first, as in x.to("float32")`}`,
    );
  return copyTo("to", x, target);
}

const special: Pick<TensorMethods, "concat" | "stack" | "einsum" | "to"> & ThisType<Tensor> = {
  concat(others, axis) {
    return call("concat", joined(this, others), axis);
  },
  stack(others, axis) {
    return call("stack", joined(this, others), axis);
  },
  einsum(equation, ...others) {
    return call("einsum", equation, this, ...others);
  },
  to(target) {
    if (typeof target === "string") return functions.cast(this, target);
    checkTarget("to", target);
    return moved(this, target);
  },
};

function install(name: string, value: unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
}

/** Few arguments are passed one by one: a list of them would cost as much as a small operation. */
const method = (run: AnyFunction) =>
  function (this: Tensor, ...rest: readonly unknown[]): Tensor {
    if (rest.length === 1) return run(this, rest[0]);
    return rest.length === 0 ? run(this) : run(this, ...rest);
  };

/**
 * V8 copies the list of a prototype's properties with each that it gets, a quarter of a megabyte for all of these, unless the prototype is a hash table.
 * Deleting a property other than the last makes it one, until it is first used.
 */
function keepAsTable(prototype: object): void {
  const [first, last] = [Symbol("first"), Symbol("last")];
  Object.assign(prototype, { [first]: true, [last]: true });
  for (const key of [first, last]) Reflect.deleteProperty(prototype, key);
}

keepAsTable(Tensor.prototype);
for (const name of methodNames) install(name, method(table[name]!));
for (const [name, method] of Object.entries(special)) install(name, method);

import "./methods";
import * as functions from "./functions";
import * as tree from "./tree";

export * from "./functions";
/** The table of all functions, that rules of primitives are written in. */
export const ops: typeof functions = functions;
export { tree };
export type { Mapped, Structure, Tree } from "./tree";
export { compile, type Compiled } from "./compile";
export { checkCheckpoints, cond, fori, type LoopOptions, scan, type Tensors, whileLoop } from "./control";
export { byteSize, type DType, dtypes, isFloat, isInteger, promote, type TypedArray } from "./dtype";
export { DTypeError, invariant, OutOfMemoryError, ShapeError, TraceError, UnsupportedError } from "./errors";
export { registerFailure } from "./failures";
export { formatTape } from "./format";
export * as io from "./io";
export { keyOfTape } from "./key";
export * as linalg from "./linalg";
export { asTensor, type TensorLike, withinRule } from "./literals";
export { checkFunction, checkOptions } from "./arguments";
export type { CallAttributes, Checkpoints, CondAttributes, LoopAttributes } from "./lower/control";
export type { Emitter, Index, MathFunction, Memory, Operand, Value, Variable } from "./lower/emitter";
export {
  type Attribute,
  type Attributes,
  type Aval,
  type Domain,
  type Fusion,
  type Primitive,
  primitive,
  positive,
  real,
} from "./primitive";
export { call } from "./primitives/call";
export { check } from "./primitives/check";
export { loop } from "./primitives/loop";
export * as random from "./random";
export type { RuleOps, Traced, Transforms } from "./rules";
export { evaluate, inlineTape, innermost, runTape } from "./run";
export type { Shape } from "./shape";
export { broadcastShapes, normalizeAxes, normalizeAxis, printShape, sameShape, sizeOf } from "./shape";
export { type Node, Tape } from "./tape";
export { defaultTarget, withTarget } from "./targets/default";
export { js } from "./targets/js";
export { type Program, ProgramCache, type Storage, type Target } from "./targets/target";
export { wasm, type WasmOptions } from "./targets/wasm";
export { type Nested, Tensor } from "./tensor";
export { enclosingTarget, trace } from "./trace";

/**
 * What a target is made of, for packages that bring one: the layout of a tape in memory, the lowering that speaks to an emitter, and the rules of
 * the elementary functions.
 */
export { allocate, arrayOf } from "../dtype";
export { failureOf, mostFacts } from "../failures";
export { formatTape } from "../format";
export { prune } from "../passes/prune";
export type { KnownKernel } from "../primitive";
export { type Address, addressOf, copyBytes, flatten, memoryAt, readSlot, rowSlots, type Site } from "./addressing";
export {
  type CallAttributes,
  type CondAttributes,
  hasRow,
  isDynamic,
  type LoopAttributes,
  type SingleLoop,
  splitInputs,
  splitOutputs,
} from "./control";
export type { Abreast, Emitter, Index, MathFunction, Memory, Operand, Value, Variable } from "./emitter";
export { foldWidth } from "./fold";
export { Frame } from "./frame";
export { isComputedLater } from "./elements";
export { failureWord, firstFrame } from "./heap";
export { Lowering } from "./lower";
export type { Case, FunctionHandle, LaneEmitter, MachineEmitter, MachineModule, MatmulSpec } from "./machine";
export { type MathRule, mathFunctions } from "./math/functions";
export { indexOfAxes, indexOfFlat } from "./math/positions";
export {
  binary,
  type BinaryOp,
  comparisons,
  convert,
  reinterpret,
  represent,
  unary,
  type UnaryOp,
} from "./math/scalar";
export { elementsWith, type Loop, loopOf, prepare, type Prepared } from "./operands";
export { Operations } from "./operations";
export { isProduct, productOf } from "./product";
export { bytesOf, type FunctionPlan, type Layout, modeOf, type Place, placeInputs, type Plan, planTape } from "./plan";
export { remembered } from "./remembered";
export { layRows } from "./rows";

import type { DType } from "../../dtype";
import type { MathFunction } from "../../lower/emitter";
import type { FunctionHandle, MatmulSpec } from "../../lower/machine";
import type { Engine } from "./engine";
import type { ThreadFunction } from "./threads/parallel";

/** What an emitter asks of the module around it: functions emitted once, on first use, known by their index. */
export interface Callees {
  /** What the code may use. */
  readonly engine: Engine;
  /** An elementary function, or the float remainder, for one dtype. */
  math(name: MathFunction | "rem", dtype: DType): number;
  /** The same on vectors: each argument, and the result, is so many vectors. */
  vectorMath(name: MathFunction | "rem", dtype: DType, vectors: number): number;
  /** May its code be written once more where it is used? No for what is long, and in modules that hold many copies. */
  repeatsMath(name: MathFunction | "rem"): boolean;
  matmul(spec: MatmulSpec): number;
  /** What threads meet through. */
  thread(name: ThreadFunction): number;
  /** The number by which threads know a function (frame, tile, thread) → (). */
  job(handle: FunctionHandle): number;
  /** Notes that the code takes memory beyond its frame. */
  noteHeap(): void;
}

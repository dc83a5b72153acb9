import type { Tensor } from "@dzdt/tensor";
import type { Ink, Line } from "../../report/report";
import type { HamiltonianSize } from "./learners";

/** A trained planar model, as the demonstrations measure and show it. */
export interface Outcome {
  readonly name: string;
  readonly ink: Ink;
  readonly trainLoss: number;
  readonly testLoss: number;
  /** Training steps done; fewer than asked for after Ctrl-C. */
  readonly steps: number;
  readonly stopped: boolean;
  /** Loss against step. */
  readonly curve: Pick<Line, "x" | "y">;
  /** States from starts `[n, 2]` at `times`, whose first is the start's: `[times, n, 2]`, row by row; NaN from where a solve failed. */
  readonly rollout: (from: Tensor, times: Tensor) => Float64Array;
  /** The learned (dq/dt, dp/dt) at a point. */
  readonly arrow: (q: number, p: number) => readonly [number, number];
  /** The learned linear damping, per unit of time; left out where there is none. */
  readonly damping?: number;
  /** What is needed, besides the weights, to build it again; left out for models that are not kept. */
  readonly size?: HamiltonianSize;
  /** The parameters as safetensors. */
  readonly weights: Uint8Array;
}

/** One trajectory of many: pairs (q, p) of start `index` from `[times, n, 2]`. */
export function trajectory(paths: Float64Array, n: number, index: number): { q: Float64Array; p: Float64Array } {
  const times = paths.length / (2 * n);
  const at = (k: number): Float64Array =>
    Float64Array.from({ length: times }, (_, i) => paths[2 * (i * n + index) + k] ?? NaN);
  return { q: at(0), p: at(1) };
}

/** Pairs (q, p), row by row, from two columns. */
export function pairs(q: ArrayLike<number>, p: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: 2 * q.length }, (_, k) => (k % 2 === 0 ? q : p)[Math.floor(k / 2)] ?? NaN);
}

import { type DType, evaluate, type Target, type Tensor } from "@dzdt/tensor";
import { type Case, fromNumbers } from "@dzdt/tensor/testing";
import { webgpu, type WebGpuTarget } from "@dzdt/kernels-wgsl";
import { inject } from "vitest";

let opened: Promise<WebGpuTarget> | undefined;

/** The WebGPU target of a test file. */
export const gpu = (): Promise<WebGpuTarget> => (opened ??= webgpu());

let doubled: Promise<WebGpuTarget> | undefined;

/** The same with float64, as pairs of float32. */
export const gpuWithDoubles = (): Promise<WebGpuTarget> => (doubled ??= webgpu({ df64: true }));

/** How often a property is tried: as the variable RUNS says, where it is set. A page has no environment of its own. */
export const runsOr = (usual: number): number => inject("runs") ?? usual;

/** The nearest number that a pair of float32 holds. */
export function asPair(x: number): number {
  const high = Math.fround(x);
  return Number.isFinite(high) && x !== 0 ? high + Math.fround(x - high) : high;
}

const single = (dtype: DType): DType => (dtype === "float64" ? "float32" : dtype);

/** The same tensor in float32, on another target. */
export function copied(x: Tensor, target: Target): Tensor {
  return fromNumbers(Array.from(x.dataSync()), single(x.dtype), x.shape, target);
}

/** The numbers of a tensor, as a tensor of a CPU target. Numbers below the normal ones are 0, as GPUs may take them. */
export async function fetched(x: Tensor, target: Target): Promise<Tensor> {
  return fromNumbers(Array.from(await x.data(), flushed), x.dtype, x.shape, target);
}

const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 : x);

/** The case with float32 in place of float64. */
export function inSingle({ op, attributes, ...rest }: Case): Case {
  const dtype = attributes["dtype"];
  return { op, attributes: dtype === "float64" ? { ...attributes, dtype: "float32" } : attributes, ...rest };
}

export const runCase = ({ op, attributes }: Case, ins: readonly Tensor[]): Tensor[] => evaluate(op, ins, attributes);

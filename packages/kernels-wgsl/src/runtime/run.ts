import { type Aval, byteSize, printShape, sizeOf, type TypedArray, UnsupportedError } from "@dzdt/tensor";
import { allocate, failureWord } from "@dzdt/tensor/lower";
import { regionBytes } from "../schedule/dynamic";
import { type Kernel, moreAt } from "../schedule/kernel";
import type { Lowered, Port } from "../schedule/lowered";
import type { BoundArray } from "../wgsl/arrays";
import { noDoubles } from "../wgsl/types";
import type { Runtime } from "./runtime";
import { type GpuStorage, type Outcome, padded } from "./storage";
import { hostWords } from "./upload";
import { HostWords } from "./words";

/** A result as buffers hold it, the same in every run. */
export interface Result {
  readonly aval: Aval;
  readonly size: number;
  /** Of its numbers; the failure follows them. */
  readonly bytes: number;
}

/** One run of a program, with what it needs until its turn comes: by then inputs may have been given back. */
export interface Run {
  readonly lowered: Lowered;
  readonly shapes: readonly Result[];
  readonly kernels: readonly Kernel[];
  readonly inputs: readonly (TypedArray | GPUBuffer)[];
  /** What failing runs have left, one for each run that the inputs come from. */
  readonly failures: readonly { readonly buffer: GPUBuffer; readonly at: number }[];
  /** One for each result; none where it is a literal. */
  readonly results: readonly (GPUBuffer | undefined)[];
  /** Is the failure left behind each result? */
  readonly mayFail: boolean;
}

/** Bytes of the numbers in a buffer; the failure follows them. */
export const failureAt = (runtime: Runtime, aval: Aval, size: number): number =>
  padded(aval.dynamic ? regionBytes(aval) : size * byteSize(runtime.deviceDtype(aval.dtype)));

/** Where the numbers of an input are. @throws UnsupportedError if they are nowhere any more, or in float64 that the device has not */
export function inputOf(
  runtime: Runtime,
  { aval }: Port,
  { aval: own, host, buffer }: GpuStorage,
  where: string,
): TypedArray | GPUBuffer {
  if (own.dtype === "float64" && !own.weak && runtime.deviceDtype(aval.dtype) !== aval.dtype) noDoubles(where);
  const numbers = host ?? buffer;
  if (!numbers)
    throw new UnsupportedError(
      `${where}: a ${own.dtype}${printShape(own.shape)} tensor was disposed and can not be used again`,
    );
  return numbers;
}

/** Storages of the results, into which the run will be copied. */
export function resultsOf(
  runtime: Runtime,
  { outputs }: Lowered,
  shapes: readonly Result[],
  outcome: Outcome,
): GpuStorage[] {
  return shapes.map(({ aval, size, bytes }, k): GpuStorage => {
    const { place, literal, aval: own } = outputs[k]!;
    if (!place)
      return { aval, size, host: allocate(own.dtype, size).fill(literal), buffer: undefined, outcome: undefined };
    const buffer = runtime.data.take(bytes + runtime.failureBytes);
    return runtime.own({ aval, size, host: undefined, buffer, outcome });
  });
}

/** Encodes a run and submits it. */
export function submit(runtime: Runtime, run: Run, pipelines: readonly GPUComputePipeline[]): void {
  const { device } = runtime;
  const { failureBytes } = runtime;
  const { heap, headed, failures, bytes, inputs, outputs } = run.lowered;
  const { buffer: memory, group } = runtime.memoryOf(bytes);
  const encoder = device.createCommandEncoder();
  const words = new HostWords();
  // The top of the heap, and no failure.
  if (headed || run.failures.length > 0) words.add(0, Uint32Array.of(heap, 0));
  inputs.forEach(({ aval, at, array }, k) => {
    if (array) return;
    const numbers = run.inputs[k]!;
    if ("BYTES_PER_ELEMENT" in numbers) {
      if (numbers.length > 0) words.add(at, hostWords(runtime, numbers));
      return;
    }
    const length = failureAt(runtime, aval, sizeOf(aval.shape));
    if (length > 0) encoder.copyBufferToBuffer(numbers, 0, memory, at, length);
  });
  words.write(device.queue, memory);
  run.failures.forEach(({ buffer, at }, k) =>
    encoder.copyBufferToBuffer(buffer, at, memory, failures + failureBytes * k, failureBytes),
  );
  dispatch(runtime, encoder, run, pipelines, memory, group);
  outputs.forEach(({ at, array }, k) => {
    const buffer = run.results[k];
    if (!buffer) return;
    const { bytes: length } = run.shapes[k]!;
    const from = array ? bufferOf(run, array) : memory;
    if (length > 0 && from !== buffer) encoder.copyBufferToBuffer(from, array ? 0 : at, buffer, 0, length);
    if (run.mayFail) encoder.copyBufferToBuffer(memory, failureWord, buffer, length, failureBytes);
  });
  device.queue.submit([encoder.finish()]);
}

/** Where an array is that kernels are bound to. What may be bound is in a buffer. */
const bufferOf = (run: Run, { of, index }: BoundArray): GPUBuffer => run[of][index] as GPUBuffer;

/**
 * All kernels in one pass, but for those that repeat: the device is told between passes how many workgroups have more to do. While kernels are timed, each
 * has a pass of its own.
 */
function dispatch(
  { parameters, clock, more, bindings }: Runtime,
  encoder: GPUCommandEncoder,
  run: Run,
  pipelines: readonly GPUComputePipeline[],
  memory: GPUBuffer,
  group: GPUBindGroup,
): void {
  const { lowered, kernels } = run;
  const offsets = parameters.offsets(kernels);
  let pass: GPUComputePassEncoder | undefined;
  let bound: GPUBindGroup | undefined;
  kernels.forEach(({ name, groups: [x, y, z], repeats, arrays }, k) => {
    const known = pipelines[k] === pipelines[k - 1];
    const equal = known && offsets[k] === offsets[k - 1];
    const again = repeats && known;
    if (repeats || clock) {
      pass?.end();
      pass = undefined;
    }
    if (again) encoder.copyBufferToBuffer(memory, moreAt, more, 0, 8);
    if (repeats) encoder.clearBuffer(memory, moreAt, 8);
    const begins = !pass;
    pass ??= encoder.beginComputePass(clock?.pass(lowered.tape.where, name, k === 0, equal));
    if (begins || offsets[k] !== offsets[k - 1]) pass.setBindGroup(0, group, [offsets[k]!]);
    if (arrays.length > 0) {
      const own = bindings.groupOf(pipelines[k]!, arrays, (array) => bufferOf(run, array));
      if (begins || own !== bound) pass.setBindGroup(1, own);
      bound = own;
    }
    if (begins || !known) pass.setPipeline(pipelines[k]!);
    if (again) pass.dispatchWorkgroupsIndirect(more, 0);
    else pass.dispatchWorkgroups(x, y, z);
  });
  pass?.end();
}

import { type Aval, byteSize, printShape, type Program, sizeOf, type Tape, UnsupportedError } from "@dzdt/tensor";
import { formatTape } from "@dzdt/tensor/lower";
import { regionBytes } from "../schedule/dynamic";
import { type Lowered, lower, type Port } from "../schedule/lowered";
import { teamSizeOf } from "../schedule/team";
import { noDoubles } from "../wgsl/types";
import { doubtful, inheritText, troubleOf } from "./inherit";
import type { Runtime } from "./runtime";
import { type GpuStorage, hostNumbers, type Outcome, padded } from "./storage";
import { hostWords } from "./upload";
import { HostWords } from "./words";

/** A tape as kernels. A run copies inputs into the memory of programs, dispatches, copies results out: one submit, and nothing is waited for. */
export function gpuProgram(source: Tape, runtime: Runtime): Program {
  const lowered = lower(source, runtime.limit, runtime.rowMemory, runtime.doubles, teamSizeOf(runtime.device));
  const where = source.where;
  if (lowered.bytes > runtime.limit)
    throw new UnsupportedError(
      `${where}: the program needs ${lowered.bytes} bytes of memory and a buffer of this device has at most ${runtime.limit}; ` +
        `use smaller batches, checkpoints, or fewer steps`,
    );
  const mayFail = lowered.kernels.some((kernel) => kernel.fails);
  const types = source.outputs.map((id) => source.avals[id]!);
  const sizes = lowered.outputs.flatMap(({ aval, place }) =>
    place ? [failureAt(runtime, aval, sizeOf(aval.shape)) + 4] : [],
  );
  let checked = false;
  let pipelines: readonly GPUComputePipeline[] | undefined;
  const runOnce = (given: readonly GpuStorage[], own: Outcome): GpuStorage[] => {
    pipelines ??= lowered.kernels.map(({ text, name }) => runtime.pipeline(text, `${where}: ${name}`));
    return run(runtime, lowered, pipelines, given, types, own);
  };
  return {
    bytes: lowered.kernels.reduce((sum, { text }) => sum + text.length, 0),
    run: (inputs) => {
      runtime.check(where);
      const given = inputs as readonly GpuStorage[];
      // What can be wrong with a program is wrong the first time, but for memory, which may run out whenever a buffer is made.
      if (checked && !runtime.data.lacks(sizes)) return runOnce(given, { where, mayFail, trouble: undefined });
      checked = true;
      let results: GpuStorage[] = [];
      let report: (error: Promise<Error | undefined>) => void = () => undefined;
      const trouble = new Promise<Error | undefined>((resolve) => (report = resolve));
      const found = runtime.watch(where, () => {
        results = runOnce(given, { where, mayFail, trouble });
        return results.flatMap(({ buffer }) => buffer ?? []);
      });
      report(
        found.then((error) => {
          if (error) checked = false;
          return error;
        }),
      );
      return results;
    },
    inspect: () => inspect(lowered),
  };
}

function run(
  runtime: Runtime,
  { kernels, inputs, outputs, heap, headed, words: free, bytes }: Lowered,
  pipelines: readonly GPUComputePipeline[],
  given: readonly GpuStorage[],
  types: readonly { readonly dtype: Port["aval"]["dtype"] }[],
  own: Outcome,
): GpuStorage[] {
  const { device } = runtime;
  const from = doubtful(given);
  const outcome: Outcome = {
    where: own.where,
    mayFail: own.mayFail || from.length > 0,
    trouble: troubleOf([own, ...given.map((storage) => storage.outcome)]),
  };
  const { buffer: memory, group } = runtime.memoryOf(bytes);
  const encoder = device.createCommandEncoder();
  const words = new HostWords();
  // The top of the heap, and no failure.
  if (headed || from.length > 0) words.add(0, Uint32Array.of(heap, 0));
  inputs.forEach((port, k) => copyIn(runtime, encoder, memory, words, port, given[k]!, outcome.where));
  words.write(device.queue, memory);
  from.forEach(({ buffer, size, aval }, k) =>
    encoder.copyBufferToBuffer(buffer!, failureAt(runtime, aval, size), memory, free + 4 * k, 4),
  );
  if (pipelines.length > 0 || from.length > 0) {
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, group, [0]);
    if (from.length > 0) {
      pass.setPipeline(runtime.pipeline(inheritText(free, from.length), `${own.where}: failures before`));
      pass.dispatchWorkgroups(1);
    }
    const offsets = runtime.parameters.offsets(kernels);
    kernels.forEach(({ groups }, k) => {
      if (offsets[k] !== (offsets[k - 1] ?? 0)) pass.setBindGroup(0, group, [offsets[k]!]);
      if (pipelines[k] !== pipelines[k - 1]) pass.setPipeline(pipelines[k]!);
      pass.dispatchWorkgroups(groups[0], groups[1], groups[2] ?? 1);
    });
    pass.end();
  }
  const results = outputs.map(({ aval, place, literal, at }, k): GpuStorage => {
    const size = sizeOf(aval.shape);
    const storage = { aval: { ...aval, dtype: types[k]!.dtype }, size };
    if (!place)
      return { ...storage, host: hostNumbers(aval.dtype, size).fill(literal), buffer: undefined, outcome: undefined };
    const length = failureAt(runtime, aval, size);
    const buffer = runtime.data.take(length + 4);
    if (length > 0) encoder.copyBufferToBuffer(memory, at, buffer, 0, length);
    if (outcome.mayFail) encoder.copyBufferToBuffer(memory, 4, buffer, length, 4);
    return runtime.own({ ...storage, host: undefined, buffer, outcome });
  });
  device.queue.submit([encoder.finish()]);
  return results;
}

/** Bytes of the numbers in a buffer; the word of failure follows them. */
const failureAt = (runtime: Runtime, aval: Aval, size: number): number =>
  padded(aval.dynamic ? regionBytes(aval) : size * byteSize(runtime.deviceDtype(aval.dtype)));

function copyIn(
  runtime: Runtime,
  encoder: GPUCommandEncoder,
  memory: GPUBuffer,
  words: HostWords,
  { aval, at }: Port,
  storage: GpuStorage,
  where: string,
): void {
  if (storage.aval.dtype === "float64" && !storage.aval.weak && runtime.deviceDtype(aval.dtype) !== aval.dtype)
    noDoubles(where);
  if (storage.host) {
    if (storage.host.length > 0) words.add(at, hostWords(runtime, storage.host));
    return;
  }
  if (!storage.buffer)
    throw new UnsupportedError(
      `${where}: a ${storage.aval.dtype}${printShape(storage.aval.shape)} tensor was disposed and can not be used again`,
    );
  const length = failureAt(runtime, aval, storage.size);
  if (length > 0) encoder.copyBufferToBuffer(storage.buffer, 0, memory, at, length);
}

/** What was made of the tape, for people. */
function inspect({ tape, kernels, bytes }: Lowered): string {
  const texts = kernels.map(({ name, groups: [x, y, z = 1], text }) => `// ${name}: ${x * y * z} workgroups\n${text}`);
  return `${formatTape(tape)}\n${bytes} bytes of memory, ${kernels.length} dispatches\n\n${texts.join("\n\n")}`;
}

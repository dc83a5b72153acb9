import { type Aval, byteSize, printShape, type Program, type Tape, UnsupportedError } from "@dzdt/tensor";
import { formatTape } from "@dzdt/tensor/lower";
import { regionBytes } from "../schedule/dynamic";
import { type Lowered, lower, type Port } from "../schedule/lowered";
import { noDoubles } from "../wgsl/types";
import { doubtful, inheritText } from "./inherit";
import type { Runtime } from "./runtime";
import { deviceDtype, type GpuStorage, type Outcome, padded } from "./storage";
import { hostWords } from "./upload";

/** A tape as kernels. A run copies inputs into the memory of programs, dispatches, copies results out: one submit, and nothing is waited for. */
export function gpuProgram(source: Tape, runtime: Runtime): Program {
  const lowered = lower(source, runtime.limit);
  const where = source.where;
  if (lowered.bytes > runtime.limit)
    throw new UnsupportedError(
      `${where}: the program needs ${lowered.bytes} bytes of memory and a buffer of this device has at most ${runtime.limit}; ` +
        `use smaller batches, checkpoints, or fewer steps`,
    );
  const mayFail = lowered.kernels.some((kernel) => kernel.fails);
  const types = source.outputs.map((id) => source.avals[id]!);
  let checked: Promise<Error | undefined> | undefined;
  return {
    bytes: lowered.kernels.reduce((sum, { text }) => sum + text.length, 0),
    run: (inputs) => {
      runtime.check(where);
      let results: GpuStorage[] = [];
      const submit = (trouble: Promise<Error | undefined> | undefined): void => {
        results = run(runtime, lowered, inputs as readonly GpuStorage[], types, { where, mayFail, trouble });
      };
      if (checked) submit(undefined);
      else {
        // What can be wrong with a program is wrong the first time.
        let report: (error: Promise<Error | undefined>) => void = () => undefined;
        checked = new Promise((resolve) => (report = resolve));
        report(
          runtime
            .watch(where, () => submit(checked))
            .then((error) => {
              if (error) checked = undefined;
              return error;
            }),
        );
      }
      return results;
    },
    inspect: () => inspect(lowered),
  };
}

function run(
  runtime: Runtime,
  { kernels, inputs, outputs, heap, words, bytes }: Lowered,
  given: readonly GpuStorage[],
  types: readonly { readonly dtype: Port["aval"]["dtype"] }[],
  own: Outcome,
): GpuStorage[] {
  const { device } = runtime;
  const from = doubtful(given);
  const outcome = from.length > 0 ? { ...own, mayFail: true } : own;
  const pipelines = kernels.map(({ text, name }) => runtime.pipeline(text, `${outcome.where}: ${name}`));
  const { buffer: memory, group } = runtime.memoryOf(bytes);
  const encoder = device.createCommandEncoder({ label: outcome.where });
  // The top of the heap, and no failure.
  device.queue.writeBuffer(memory, 0, Uint32Array.of(heap, 0));
  inputs.forEach((port, k) => copyIn(runtime, encoder, memory, port, given[k]!, outcome.where));
  from.forEach(({ buffer, size, aval }, k) =>
    encoder.copyBufferToBuffer(buffer!, failureAt(aval, size), memory, words + 4 * k, 4),
  );
  if (pipelines.length > 0 || from.length > 0) {
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, group, [0]);
    if (from.length > 0) {
      pass.setPipeline(runtime.pipeline(inheritText(words, from.length), `${own.where}: failures before`));
      pass.dispatchWorkgroups(1);
    }
    const offsets = runtime.parameters.offsets(kernels);
    kernels.forEach(({ groups }, k) => {
      if (offsets[k] !== (offsets[k - 1] ?? 0)) pass.setBindGroup(0, group, [offsets[k]!]);
      pass.setPipeline(pipelines[k]!);
      pass.dispatchWorkgroups(groups[0], groups[1], groups[2] ?? 1);
    });
    pass.end();
  }
  const results = outputs.map(({ aval, place, literal, at }, k): GpuStorage => {
    const size = aval.shape.reduce((product, length) => product * length, 1);
    const storage = { aval: { ...aval, dtype: types[k]!.dtype }, size };
    if (!place)
      return { ...storage, host: hostNumbers(aval.dtype, size, literal), buffer: undefined, outcome: undefined };
    const length = failureAt(aval, size);
    const buffer = runtime.data.take(length + 4);
    if (length > 0) encoder.copyBufferToBuffer(memory, at, buffer, 0, length);
    if (outcome.mayFail) encoder.copyBufferToBuffer(memory, 4, buffer, length, 4);
    return runtime.own({ ...storage, host: undefined, buffer, outcome });
  });
  device.queue.submit([encoder.finish()]);
  return results;
}

/** Bytes of the numbers in a buffer; the word of failure follows them. */
const failureAt = (aval: Aval, size: number): number =>
  padded(aval.dynamic ? regionBytes(aval) : size * byteSize(deviceDtype(aval.dtype)));

function copyIn(
  runtime: Runtime,
  encoder: GPUCommandEncoder,
  memory: GPUBuffer,
  { aval, at }: Port,
  storage: GpuStorage,
  where: string,
): void {
  if (storage.aval.dtype === "float64" && !storage.aval.weak && deviceDtype(aval.dtype) !== aval.dtype)
    noDoubles(where);
  if (storage.host) {
    if (storage.host.length > 0) runtime.device.queue.writeBuffer(memory, at, hostWords(storage.host));
    return;
  }
  if (!storage.buffer)
    throw new UnsupportedError(
      `${where}: a ${storage.aval.dtype}${printShape(storage.aval.shape)} tensor was disposed and can not be used again`,
    );
  const length = failureAt(aval, storage.size);
  if (length > 0) encoder.copyBufferToBuffer(storage.buffer, 0, memory, at, length);
}

function hostNumbers(dtype: Port["aval"]["dtype"], size: number, value: number): NonNullable<GpuStorage["host"]> {
  const kinds = {
    float32: Float32Array,
    float64: Float64Array,
    int32: Int32Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  };
  return new kinds[dtype](size).fill(value);
}

/** What was made of the tape, for people. */
function inspect({ tape, kernels, bytes }: Lowered): string {
  const texts = kernels.map(({ name, groups: [x, y, z = 1], text }) => `// ${name}: ${x * y * z} workgroups\n${text}`);
  return `${formatTape(tape)}\n${bytes} bytes of memory, ${kernels.length} dispatches\n\n${texts.join("\n\n")}`;
}

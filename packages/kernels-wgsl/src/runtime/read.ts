import { byteSize, type DType, sizeOf, type TypedArray, UnsupportedError } from "@dzdt/tensor";
import { allocate, arrayOf, failureOf, failureWord, mostFacts } from "@dzdt/tensor/lower";
import { DeviceError } from "../errors";
import { regionBytes, strideOf } from "../schedule/dynamic";
import { factsAt } from "../wgsl/failure";
import { mapRead } from "./flags";
import { troubleOf } from "./inherit";
import type { Runtime } from "./runtime";
import { type GpuStorage, type Outcome, padded } from "./storage";

/** What a program leaves that ran out of memory. */
const outOfMemory = 0xffffffff;

/** A promise that begins its work when somebody waits for it: to ask whether numbers are at hand costs nothing. */
class Reading extends Promise<TypedArray> {
  private readonly start: () => Promise<TypedArray>;
  private started: Promise<TypedArray> | undefined;

  constructor(start: () => Promise<TypedArray>) {
    super(() => undefined);
    this.start = start;
  }

  /** What `then` gives is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<A = TypedArray, B = never>(
    resolved?: ((values: TypedArray) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.started ??= this.start()).then(resolved, rejected);
  }
}

/** The numbers of a storage, and the errors of the run that made it. The one place that waits for the device. */
export function read(runtime: Runtime, storage: GpuStorage): TypedArray | Promise<TypedArray> {
  const { host, size } = storage;
  // A number that the host gave needs no waiting.
  if (host) return size === 1 ? host : Promise.resolve(host);
  return new Reading(() => readBuffer(runtime, storage));
}

async function readBuffer(runtime: Runtime, storage: GpuStorage): Promise<TypedArray> {
  const { aval, size, buffer, outcome } = storage;
  const where = outcome?.where ?? "data";
  runtime.check(where);
  if (!buffer) throw new UnsupportedError(`${where}: data() of a tensor that was disposed; read it before`);
  const dtype = runtime.deviceDtype(aval.dtype);
  const length = padded(aval.dynamic ? regionBytes(aval) : size * byteSize(dtype));
  const bytes = length + (outcome?.mayFail ? runtime.failureBytes : 0);
  const room = Math.max(bytes, 4);
  let staging!: GPUBuffer;
  let mapped: Promise<undefined> | undefined;
  let trouble = outcome?.trouble;
  const fill = (): readonly GPUBuffer[] => {
    staging = runtime.staging.take(bytes);
    const encoder = runtime.device.createCommandEncoder();
    if (bytes > 0) encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes);
    runtime.device.queue.submit([encoder.finish()]);
    // What is wrong with this, too, is said to whoever watches.
    mapped = staging.mapAsync(mapRead, 0, room);
    return [staging];
  };
  const turn = runtime.turns.take(() => {
    if (runtime.staging.lacks([bytes])) trouble = troubleOf([runtime.watch(where, fill), trouble]);
    else fill();
  });
  let copy: ArrayBuffer;
  try {
    await turn;
    await mapped;
    runtime.check(where);
    copy = staging.getMappedRange(0, room).slice(0);
    staging.unmap();
  } catch (error) {
    // What a lost device aborts may be told before its loss.
    await runtime.idle();
    await settled(runtime, where, trouble);
    runtime.staging.drop([staging]);
    throw new DeviceError(`${where}: reading its numbers failed: ${String(error)}`);
  } finally {
    runtime.staging.give(staging);
  }
  await settled(runtime, where, trouble);
  const failure = outcome?.mayFail ? new Uint32Array(copy, length, 1)[0]! : 0;
  if (failure === outOfMemory)
    throw new UnsupportedError(
      `${where}: the program stopped, as the ${runtime.means.rowMemory} bytes for the rows that it keeps have run out (a gradient keeps some of every ` +
        `step); make more of them with webgpu({ rowMemory }), or use smaller batches, checkpoints, or fewer steps`,
    );
  if (failure !== 0)
    throw failureOf(failure, numbersOf(runtime, "float64", copy, length + factsAt - failureWord, mostFacts));
  const numbers = (at: number, count: number): TypedArray => numbersOf(runtime, aval.dtype, copy, at, count);
  return aval.dynamic ? rowsOf(copy, storage, numbers) : numbers(0, size);
}

/** @throws DeviceError for a lost device, or for what the device said of the run */
async function settled(runtime: Runtime, where: string, asked: Outcome["trouble"]): Promise<void> {
  const trouble = await asked;
  // A loss is known only when the event loop has turned.
  if (!runtime.isLost && trouble) await Promise.resolve();
  runtime.check(where);
  // Beside trouble, what else the device said comes of it.
  const uncaptured = runtime.takeUncaptured();
  if (trouble) throw trouble;
  if (uncaptured !== undefined)
    throw new DeviceError(`${where}: the WebGPU device refused it or what ran before it: ${uncaptured}`);
}

type Numbers = (at: number, count: number) => TypedArray;

/** Numbers of a tensor's dtype among those of a device. */
function numbersOf(
  { means: { doubles } }: Runtime,
  dtype: DType,
  bytes: ArrayBuffer,
  at: number,
  count: number,
): TypedArray {
  if (dtype !== "float64") return arrayOf(dtype, bytes, at, count);
  return doubles
    ? doubles.join(new Float32Array(bytes, at, 2 * count))
    : Float64Array.from(new Float32Array(bytes, at, count));
}

/** Rows of a dynamic value, packed. */
function rowsOf(bytes: ArrayBuffer, { aval }: GpuStorage, numbers: Numbers): TypedArray {
  const rowSize = sizeOf(aval.shape.slice(1));
  const rows = new Uint32Array(bytes, 0, 1)[0]!;
  const packed = allocate(aval.dtype, rows * rowSize);
  for (let r = 0; r < rows; r++) packed.set(numbers(16 + r * strideOf(aval), rowSize), r * rowSize);
  return packed;
}

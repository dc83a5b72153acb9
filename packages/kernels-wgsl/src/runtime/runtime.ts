import type { DType } from "@dzdt/tensor";
import { DeviceError } from "../errors";
import type { Means } from "../schedule/lowered";
import { failureBytes } from "../wgsl/failure";
import { Bindings } from "./bindings";
import type { Clock } from "./clock";
import { usage } from "./flags";
import { parameterBytes, Parameters } from "./parameters";
import { Pipelines } from "./pipelines";
import { BufferPool, type MemoryUse, roomFor } from "./pool";
import type { GpuStorage } from "./storage";
import { Turns } from "./turns";

/** Why a device is gone. */
export interface Loss {
  readonly reason: string;
  readonly message: string;
}

/** What the device said of a program that is not valid. */
export const refusal = (where: string, { message }: { readonly message: string }): DeviceError =>
  new DeviceError(`${where}: the WebGPU device refused it: ${message}`);

function outOfMemory(where: string, { message }: GPUError, { bytes, pooled, working }: MemoryUse): DeviceError {
  const held = `tensors hold ${bytes} bytes of it, programs ${working}, and ${pooled} were kept for reuse`;
  return new DeviceError(
    `${where}: the WebGPU device is out of memory${message ? ` (${message.split("\n", 1)[0]!})` : ""}: ${held}; ` +
      `dispose() of tensors that are not needed any more, use smaller batches, checkpoints, or fewer steps`,
  );
}

const disposed: Loss = { reason: "destroyed", message: "the target was disposed" };

/** What programs may use that the device does not tell. */
export type RuntimeMeans = Pick<Means, "rowMemory" | "doubles" | "set">;

/** What all programs of a target share: the device, the order of its queue, kernels, buffers, and the memory that programs take turns in. */
export class Runtime {
  readonly device: GPUDevice;
  readonly means: RuntimeMeans;
  readonly lost: Promise<Loss>;
  readonly data: BufferPool;
  readonly staging: BufferPool;
  readonly turns: Turns = new Turns();
  readonly pipelines: Pipelines;
  readonly bindings: Bindings;
  readonly parameters: Parameters;
  /** Workgroups along x, y and z that have more to do. */
  readonly more: GPUBuffer;
  /** Asks for the times of what is run while it is there. */
  clock: Clock | undefined;
  private memory: GPUBuffer | undefined;
  /** Bytes of it, 0 where there is none. */
  private room = 0;
  private group: GPUBindGroup | undefined;
  private loss: Loss | undefined;
  private uncaptured: string | undefined;
  /** Work that is watched and of which the device has not said yet how it went. */
  private unsettled = 0;
  /** The last error of memory, while there is such work. */
  private lack: GPUError | undefined;
  /** Does the device end with the target? */
  private readonly owned: boolean;
  private tell: (loss: Loss) => void = () => undefined;
  private readonly collected: FinalizationRegistry<GPUBuffer>;

  /** @param owned does the device end with the target? One that was handed over does not */
  constructor(device: GPUDevice, means: RuntimeMeans, owned: boolean) {
    this.device = device;
    this.means = means;
    this.owned = owned;
    this.data = new BufferPool(device, "data", this.turns);
    this.staging = new BufferPool(device, "staging", this.turns);
    this.collected = new FinalizationRegistry((buffer) => this.data.give(buffer));
    this.lost = new Promise((resolve) => (this.tell = resolve));
    void device.lost.then(({ reason, message }) => this.end({ reason: reason || "unknown", message }));
    device.addEventListener("uncapturederror", this.hear);
    this.bindings = new Bindings(device);
    this.pipelines = new Pipelines(device, this.bindings);
    this.parameters = new Parameters(device);
    this.more = device.createBuffer({ size: 12, usage: usage.indirect | usage.copyTarget });
    device.queue.writeBuffer(this.more, 0, Uint32Array.of(0, 0, 1));
  }

  /** The most bytes that the memory of a program may have. */
  get limit(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.min(maxBufferSize, maxStorageBufferBindingSize, 2 ** 31 - 4);
  }

  /** Bytes of what a failing program leaves, behind each of its results. */
  get failureBytes(): number {
    return failureBytes(this.means.doubles !== undefined);
  }

  /** The dtype on the device: numbers of the host language are single where it has no doubles. */
  deviceDtype(dtype: DType): DType {
    return dtype === "float64" && !this.means.doubles ? "float32" : dtype;
  }

  /** @throws DeviceError when the device is gone */
  check(where: string): void {
    if (this.loss) throw this.lossError(where);
  }

  lossError(where: string): DeviceError {
    const { reason, message } = this.loss ?? { reason: "unknown", message: "" };
    const lost = `the WebGPU device is lost (${reason}${message ? `: ${message.split("\n", 1)[0]!}` : ""})`;
    return new DeviceError(
      `${where}: ${this.loss === disposed ? disposed.message : lost}; ` +
        `make a new target with await webgpu() and upload again, or go on with wasm()`,
    );
  }

  get isLost(): boolean {
    return this.loss !== undefined;
  }

  /** The first error that nobody caught since this was last asked. */
  takeUncaptured(): string | undefined {
    const message = this.uncaptured;
    this.uncaptured = undefined;
    return message;
  }

  /** May memory run out in a run that needs so many bytes, or have run out in what comes before it? */
  mayRunOut(bytes: number): boolean {
    return this.unsettled > 0 || this.turns.waiting || this.room < bytes;
  }

  /** The memory of programs, with at least so many bytes. */
  memoryOf(bytes: number): { readonly buffer: GPUBuffer; readonly group: GPUBindGroup } {
    if (!this.memory || this.room < bytes) {
      // What was submitted before keeps the old buffer until it has run.
      this.memory?.destroy();
      this.room = Math.min(roomFor(Math.max(bytes, 2 ** 16)), Math.floor(this.limit / 4) * 4);
      this.memory = this.device.createBuffer({
        size: this.room,
        usage: usage.storage | usage.copySource | usage.copyTarget,
        label: "memory of programs",
      });
      this.group = this.device.createBindGroup({
        layout: this.bindings.memory,
        entries: [
          { binding: 0, resource: { buffer: this.memory } },
          { binding: 1, resource: { buffer: this.parameters.buffer, size: parameterBytes } },
        ],
      });
    }
    return { buffer: this.memory, group: this.group! };
  }

  /** Runs `body`, which gives the buffers that it took; the promise gives the first error of validation or of memory in it. */
  watch(where: string, body: () => readonly GPUBuffer[]): Promise<Error | undefined> {
    const { device } = this;
    device.pushErrorScope("validation");
    device.pushErrorScope("out-of-memory");
    const scopes: Promise<GPUError | null>[] = [];
    let taken: readonly GPUBuffer[] = [];
    try {
      taken = body();
    } finally {
      scopes.push(device.popErrorScope(), device.popErrorScope());
    }
    this.unsettled++;
    return (
      Promise.all(scopes)
        // Scopes of a lost device are rejected; the loss itself is reported.
        .catch((): (GPUError | null)[] => [])
        .then(([memory, validation]) => {
          // What meanwhile uses a buffer that could not be made is not valid.
          const lack = (this.lack = memory ?? this.lack);
          if (--this.unsettled === 0 && !this.turns.waiting) this.lack = undefined;
          if (!memory && !validation) return undefined;
          const use = this.use();
          this.forget(taken);
          return lack ? outOfMemory(where, lack, use) : refusal(where, validation!);
        })
    );
  }

  /** What may be invalid is not used again. */
  private forget(buffers: readonly GPUBuffer[]): void {
    this.data.drop(buffers);
    this.staging.drop(buffers);
    this.memory?.destroy();
    this.memory = undefined;
    this.room = 0;
  }

  /** The buffer goes back to the pool when nobody holds the storage any more. */
  own(storage: GpuStorage): GpuStorage {
    if (storage.buffer) this.collected.register(storage, storage.buffer, storage);
    return storage;
  }

  release(storage: GpuStorage): void {
    const { buffer } = storage;
    if (!buffer) return;
    storage.buffer = undefined;
    this.collected.unregister(storage);
    this.data.give(buffer);
  }

  async idle(): Promise<void> {
    await this.turns.take(() => undefined);
    // Rejected when a browser's process for GPUs is gone; the loss itself is reported.
    await Promise.race([this.device.queue.onSubmittedWorkDone().catch(() => undefined), this.lost]);
  }

  use(): MemoryUse {
    const { data, room } = this;
    return { buffers: data.buffers, bytes: data.bytes, pooled: data.pooled, working: room };
  }

  /** Frees all that the target holds. */
  dispose(): void {
    this.end(disposed);
    if (this.owned) this.device.destroy();
  }

  /** What was asked for and has not been submitted yet does not run any more. */
  private end(loss: Loss): void {
    if (this.loss) return;
    this.loss = loss;
    this.device.removeEventListener("uncapturederror", this.hear);
    this.turns.end();
    this.pipelines.end();
    this.data.end();
    this.staging.end();
    this.forget([]);
    for (const buffer of [this.parameters.buffer, this.more]) buffer.destroy();
    this.tell(loss);
  }

  private readonly hear = (event: GPUUncapturedErrorEvent): void => {
    this.uncaptured ??= event.error.message;
    // Errors on a device of somebody else's may be his: they are shown, too.
    if (this.owned) event.preventDefault();
  };
}

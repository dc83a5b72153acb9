import { inNode } from "../gpuSources";
import type { Kernel } from "../schedule/kernel";
import type { Bindings } from "./bindings";

/** How many are kept. */
const most = 4096;

/** What may come of compiling a kernel. */
const kindsOfErrors = ["validation", "out-of-memory", "internal"] as const;

/** What is there, or the promise of it. */
export type Soon<T> = T | Promise<T>;

/** Kernels by their exact text. They are compiled while the host goes on: what needs one waits for its turn. */
export class Pipelines {
  private readonly device: GPUDevice;
  private readonly bindings: Bindings;
  private readonly made = new Map<string, Soon<GPUComputePipeline>>();
  private before: Promise<unknown> = Promise.resolve();
  private ended = false;

  constructor(device: GPUDevice, bindings: Bindings) {
    this.device = device;
    this.bindings = bindings;
  }

  /** Those of a program. The promise of what the device refuses is rejected, and who wants it again asks anew. */
  all(kernels: readonly Kernel[], where: string): Soon<readonly GPUComputePipeline[]> {
    const found = kernels.map((kernel) => this.get(kernel, `${where}: ${kernel.name}`));
    const made = found.filter((pipeline): pipeline is GPUComputePipeline => !(pipeline instanceof Promise));
    return made.length === found.length ? made : Promise.all(found.map((pipeline) => Promise.resolve(pipeline)));
  }

  private get(kernel: Kernel, label: string): Soon<GPUComputePipeline> {
    const { text } = kernel;
    let pipeline = this.made.get(text);
    if (pipeline) this.made.delete(text);
    else {
      if (this.made.size >= most) this.made.delete(this.made.keys().next().value!);
      pipeline = this.compile(kernel, label);
    }
    this.made.set(text, pipeline);
    return pipeline;
  }

  private compile({ text, arrays }: Kernel, label: string): Promise<GPUComputePipeline> {
    const module = this.device.createShaderModule({ code: text, label });
    const descriptor = { layout: this.bindings.layoutOf(arrays), compute: { module }, label };
    const made = inNode() ? this.oneByOne(descriptor) : this.device.createComputePipelineAsync(descriptor);
    made.then(
      (pipeline) => this.made.get(text) === made && this.made.set(text, pipeline),
      () => this.made.get(text) === made && this.made.delete(text),
    );
    return made;
  }

  /** What is not compiled yet need not be. */
  end(): void {
    this.ended = true;
  }

  /**
   * Dawn for Node asks without a pause whether a kernel is ready, on the processor that may be compiling it. So there kernels are compiled on this
   * thread, which goes on with other things after each of them.
   */
  private oneByOne(descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> {
    const made = this.before
      .then(() => new Promise((resolve) => setTimeout(resolve)))
      .then(async () => {
        if (this.ended) throw new Error("nobody waits for it any more");
        for (const kind of kindsOfErrors) this.device.pushErrorScope(kind);
        const pipeline = this.device.createComputePipeline(descriptor);
        const errors = await Promise.all(kindsOfErrors.map(() => this.device.popErrorScope()));
        for (const error of errors) if (error) throw new Error(error.message);
        return pipeline;
      });
    this.before = made.catch(() => undefined);
    return made;
  }
}

import { inNode } from "../gpuSources";
import type { Kernel } from "../schedule/kernel";

/** How many are kept. */
const most = 4096;

/** What is there, or the promise of it. */
export type Soon<T> = T | Promise<T>;

/** Kernels by their exact text. They are compiled while the host goes on: what needs one waits for its turn. */
export class Pipelines {
  private readonly device: GPUDevice;
  private readonly layout: GPUPipelineLayout;
  private readonly made = new Map<string, Soon<GPUComputePipeline>>();
  private before: Promise<unknown> = Promise.resolve();

  constructor(device: GPUDevice, layout: GPUPipelineLayout) {
    this.device = device;
    this.layout = layout;
  }

  /** Those of a program. The promise of what the device refuses is rejected, and who wants it again asks anew. */
  all(kernels: readonly Kernel[], where: string): Soon<readonly GPUComputePipeline[]> {
    const found = kernels.map(({ text, name }) => this.get(text, `${where}: ${name}`));
    const made = found.filter((pipeline): pipeline is GPUComputePipeline => !(pipeline instanceof Promise));
    return made.length === found.length ? made : Promise.all(found.map((pipeline) => Promise.resolve(pipeline)));
  }

  private get(text: string, label: string): Soon<GPUComputePipeline> {
    let pipeline = this.made.get(text);
    if (pipeline) this.made.delete(text);
    else {
      if (this.made.size >= most) this.made.delete(this.made.keys().next().value!);
      pipeline = this.compile(text, label);
    }
    this.made.set(text, pipeline);
    return pipeline;
  }

  private compile(text: string, label: string): Promise<GPUComputePipeline> {
    const module = this.device.createShaderModule({ code: text, label });
    const descriptor = { layout: this.layout, compute: { module }, label };
    const made = inNode() ? this.oneByOne(descriptor) : this.device.createComputePipelineAsync(descriptor);
    made.then(
      (pipeline) => this.made.get(text) === made && this.made.set(text, pipeline),
      () => this.made.get(text) === made && this.made.delete(text),
    );
    return made;
  }

  /**
   * Dawn for Node asks without a pause whether a kernel is ready, on the processor that may be compiling it. So there kernels are compiled on this
   * thread, which goes on with other things after each of them.
   */
  private oneByOne(descriptor: GPUComputePipelineDescriptor): Promise<GPUComputePipeline> {
    const made = this.before
      .then(() => new Promise((resolve) => setTimeout(resolve)))
      .then(async () => {
        this.device.pushErrorScope("validation");
        const pipeline = this.device.createComputePipeline(descriptor);
        const error = await this.device.popErrorScope();
        if (error) throw new Error(error.message);
        return pipeline;
      });
    this.before = made.catch(() => undefined);
    return made;
  }
}

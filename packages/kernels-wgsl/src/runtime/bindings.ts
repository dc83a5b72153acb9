import type { BoundArray } from "../wgsl/arrays";
import { computeStage } from "./flags";

/** Bind groups that are kept: those of programs that run again and again, with buffers that come back, are not made anew. */
const most = 1024;

/** How kernels are given what they use: the memory of programs and parameters as group 0, arrays of their own as group 1. */
export class Bindings {
  readonly memory: GPUBindGroupLayout;
  private readonly device: GPUDevice;
  /** Numbers of buffers, which are not used again: that a group is kept keeps no buffer. */
  private readonly numbers = new WeakMap<GPUBuffer, number>();
  private count = 0;
  private readonly groups = new Map<string, GPUBindGroup>();

  constructor(device: GPUDevice) {
    this.device = device;
    this.memory = device.createBindGroupLayout({
      entries: [
        { binding: 0, visibility: computeStage, buffer: { type: "storage" } },
        { binding: 1, visibility: computeStage, buffer: { type: "uniform", hasDynamicOffset: true } },
      ],
    });
  }

  /** The layout of the pipeline of a kernel with such arrays. */
  layoutOf(arrays: readonly BoundArray[]): GPUPipelineLayout {
    const entries = arrays.map(({ of }, binding) => ({
      binding,
      visibility: computeStage,
      buffer: { type: of === "inputs" ? ("read-only-storage" as const) : ("storage" as const) },
    }));
    const own = entries.length > 0 ? [this.device.createBindGroupLayout({ entries })] : [];
    return this.device.createPipelineLayout({ bindGroupLayouts: [this.memory, ...own] });
  }

  /** The arrays of a kernel, in the buffers that they are in. @param pipeline the kernel's; others with the same kinds of arrays share groups */
  groupOf(
    pipeline: GPUComputePipeline,
    arrays: readonly BoundArray[],
    bufferOf: (array: BoundArray) => GPUBuffer,
  ): GPUBindGroup {
    const key = arrays.map((array) => array.of[0]! + this.numberOf(bufferOf(array))).join();
    let group = this.groups.get(key);
    if (!group) {
      group = this.device.createBindGroup({
        layout: pipeline.getBindGroupLayout(1),
        entries: arrays.map((array, binding) => ({ binding, resource: { buffer: bufferOf(array) } })),
      });
      this.groups.set(key, group);
      if (this.groups.size > most) this.groups.delete(this.groups.keys().next().value!);
    }
    return group;
  }

  private numberOf(buffer: GPUBuffer): number {
    let number = this.numbers.get(buffer);
    if (number === undefined) this.numbers.set(buffer, (number = ++this.count));
    return number;
  }
}

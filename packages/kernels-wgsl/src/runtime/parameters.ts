import { usage } from "./flags";

/** Uniforms of one kernel begin at multiples of this, which every device allows. */
const slotBytes = 256;
const slots = 4096;
/** Bytes that a kernel sees. */
export const parameterBytes = 96;

/** Numbers that kernels take as parameters, so that one pipeline serves many sizes and places. Slot 0 is all zeros. */
export class Parameters {
  readonly buffer: GPUBuffer;
  private readonly device: GPUDevice;
  private readonly known = new Map<string, number>();
  /** Of programs whose parameters are still there. */
  private placed = new WeakMap<readonly object[], number[]>();

  constructor(device: GPUDevice) {
    this.device = device;
    this.buffer = device.createBuffer({ size: slotBytes * slots, usage: usage.uniform | usage.copyTarget });
  }

  /** Where the parameters of each kernel of a program are. */
  offsets(kernels: readonly { readonly parameters?: readonly number[] }[]): number[] {
    const before = this.placed.get(kernels);
    if (before) return before;
    // All of one program are there at once; what ran before has read its own.
    if (this.known.size + kernels.length >= slots) {
      this.known.clear();
      this.placed = new WeakMap();
    }
    const offsets = kernels.map(({ parameters }) => {
      if (!parameters) return 0;
      const key = parameters.join();
      let offset = this.known.get(key);
      if (offset === undefined) {
        this.known.set(key, (offset = slotBytes * (this.known.size + 1)));
        // The word that is always 0 comes first.
        this.device.queue.writeBuffer(this.buffer, offset, Uint32Array.of(0, 0, 0, 0, ...parameters));
      }
      return offset;
    });
    this.placed.set(kernels, offsets);
    return offsets;
  }
}

/** Bytes between two values that are written along with them rather than apart. */
const bridged = 1024;

/**
 * Numbers of the host on their way to the memory of a program: values that lie near each other go in one write. What a write covers between
 * them is not there yet: copies on the device come after all writes.
 */
export class HostWords {
  private readonly parts: { readonly at: number; readonly bytes: Uint8Array }[] = [];

  add(at: number, { buffer, byteOffset, byteLength }: Uint8Array | Uint32Array): void {
    this.parts.push({ at, bytes: new Uint8Array(buffer, byteOffset, byteLength) });
  }

  write(queue: GPUQueue, memory: GPUBuffer): void {
    const parts = this.parts.sort((a, b) => a.at - b.at);
    for (let first = 0; first < parts.length;) {
      const start = parts[first]!.at;
      let next = first;
      let end = start;
      while (next < parts.length && (next === first || parts[next]!.at - end <= bridged)) {
        end = parts[next]!.at + parts[next]!.bytes.length;
        next++;
      }
      const together = new Uint8Array(end - start);
      for (const { at, bytes } of parts.slice(first, next)) together.set(bytes, at - start);
      queue.writeBuffer(memory, start, together);
      first = next;
    }
  }
}

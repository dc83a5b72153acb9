/** Addresses are multiples of this, so that vectors of every dtype are aligned. */
const alignment = 16;

const align = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** Bytes of the block that a value of so many bytes gets. */
export const blockBytes = (bytes: number): number => Math.max(align(bytes), alignment);

interface Gap {
  offset: number;
  bytes: number;
}

/** Lays out a function's working memory: blocks are given out and taken back while its code is planned. */
export class Frame {
  private readonly gaps: Gap[] = [];
  private readonly sizes = new Map<number, number>();
  private end: number;

  constructor(start: number) {
    this.end = align(start);
  }

  /** Bytes from the frame's address that are ever in use. */
  get bytes(): number {
    return this.end;
  }

  /** The offset of a block of at least `bytes` (never shared, not even when it is empty). */
  allocate(bytes: number): number {
    const wanted = blockBytes(bytes);
    const best = this.bestGap(wanted);
    let offset = this.end;
    if (best < 0) {
      const last = this.gaps.at(-1);
      // A gap that is too small, but the last that there is, becomes larger. Else functions that call others twice would have frames twice as large as theirs.
      if (last && last.offset + last.bytes === this.end) ({ offset } = this.gaps.pop()!);
      this.end = offset + wanted;
    } else {
      const gap = this.gaps[best]!;
      offset = gap.offset;
      gap.offset += wanted;
      gap.bytes -= wanted;
      if (gap.bytes === 0) this.gaps.splice(best, 1);
    }
    this.sizes.set(offset, wanted);
    return offset;
  }

  /** The smallest gap with so many bytes; -1 if there is none. */
  private bestGap(wanted: number): number {
    let best = -1;
    for (let i = 0; i < this.gaps.length; i++) {
      const { bytes } = this.gaps[i]!;
      if (bytes === wanted) return i;
      if (bytes > wanted && (best < 0 || bytes < this.gaps[best]!.bytes)) best = i;
    }
    return best;
  }

  /** The first gap beyond an offset; gaps are in order. */
  private firstAfter(offset: number): number {
    let [low, high] = [0, this.gaps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.gaps[middle]!.offset > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Runs `body`, then takes back every block that it was given and has not returned. */
  within<R>(body: () => R): R {
    const before = new Set(this.sizes.keys());
    const result = body();
    for (const offset of [...this.sizes.keys()]) if (!before.has(offset)) this.free(offset);
    return result;
  }

  /** Takes a block back. */
  free(offset: number): void {
    const bytes = this.sizes.get(offset)!;
    this.sizes.delete(offset);
    const i = this.firstAfter(offset);
    this.gaps.splice(i, 0, { offset, bytes });
    const merge = (left: number): void => {
      const [a, b] = [this.gaps[left], this.gaps[left + 1]];
      if (!a || !b || a.offset + a.bytes !== b.offset) return;
      a.bytes += b.bytes;
      this.gaps.splice(left + 1, 1);
    };
    merge(i);
    merge(i - 1);
  }
}

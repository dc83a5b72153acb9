/**
 * Work for the queue of a device, done in the order in which it is given. It is done at once unless it must wait, as for kernels that are being compiled:
 * then all that comes after it waits too.
 */
export class Turns {
  private last: Promise<void> | undefined;
  private ended = false;

  /**
   * @param work what is done, without throwing
   * @param ready what it waits for, which does not reject
   * @returns when it is done; undefined if it is
   */
  take(work: () => void, ready?: Promise<unknown>): Promise<void> | undefined {
    if (this.ended) return undefined;
    if (!ready && !this.last) {
      work();
      return undefined;
    }
    const turn: Promise<void> = Promise.all([ready, this.last]).then(() => {
      if (this.last === turn) this.last = undefined;
      if (!this.ended) work();
    });
    this.last = turn;
    return turn;
  }

  /** Is there work that waits? */
  get waiting(): boolean {
    return this.last !== undefined;
  }

  /** Work that has not been done yet will not be. */
  end(): void {
    this.ended = true;
  }
}

/** So long, in milliseconds, a solve may hold up everything else: half of a frame at 60 Hz. */
const stretch = 8;

/** Says after how much work others are to have their turn. */
export class Turns {
  #since = performance.now();

  get due(): boolean {
    return performance.now() - this.#since >= stretch;
  }

  /** Lets timers, input and other tasks run. */
  async pass(): Promise<void> {
    await otherTasks();
    this.#since = performance.now();
  }
}

interface Scheduler {
  readonly setImmediate?: (done: () => void) => void;
}

function otherTasks(): Promise<void> {
  const { setImmediate } = globalThis as Scheduler;
  if (setImmediate) return new Promise((resolve) => setImmediate(resolve));
  // Timers of pages wait for 4 ms when they follow each other; messages do not.
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

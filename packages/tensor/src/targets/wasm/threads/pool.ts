import { ticketModule } from "./ticket-module";
import { words } from "./words";
import { type Message, workerMain } from "./worker";

/** What of a worker is used, in Node and in browsers. */
interface Thread {
  postMessage(message: Message): void;
  terminate(): unknown;
  /** Node. */
  unref?(): void;
  on?(event: "error", handler: () => void): void;
  /** Browsers. */
  onerror?: unknown;
}

type MakeThread = (source: string) => Thread;

/** How this engine makes threads; undefined where it cannot. */
function threadMaker(): MakeThread | undefined {
  const node = (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process;
  const threads = node?.getBuiltinModule?.("node:worker_threads") as
    { Worker: new (source: string, options: object) => Thread } | undefined;
  if (threads) return (source) => new threads.Worker(source, { eval: true, name: "dzdt" });
  if (typeof Worker === "undefined" || typeof Blob === "undefined") return undefined;
  return (source) => {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    return new Worker(address, { name: "dzdt" });
  };
}

/** The text of a worker. Some compilers mark functions with their names by a helper of theirs, which the text must bring along. */
const source = `const __name = (f) => f;\n(${workerMain.toString()})();`;

/** Why this engine has no threads that share memory; undefined where it has. */
export function whyNoThreads(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined")
    return "SharedArrayBuffer is missing (a page must be cross-origin isolated: send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)";
  return threadMaker() ? undefined : "this engine has no workers";
}

/** Threads that take tiles of the programs that one memory runs. They keep no process alive. */
export class WorkerPool {
  readonly size: number;
  readonly #threads: readonly Thread[];
  readonly #control: Int32Array;
  /** A thread could not start, or has ended: programs do without them all. */
  #failed = false;
  #posted = 0;
  #programs = 0;

  constructor(size: number, memory: WebAssembly.Memory) {
    this.size = size;
    this.#control = new Int32Array(memory.buffer, 0, 256);
    const make = threadMaker()!;
    this.#threads = Array.from({ length: size }, () => {
      const thread = make(source);
      const fail = (): void => this.#fail();
      if (thread.on) thread.on("error", fail);
      else thread.onerror = fail;
      thread.unref?.();
      return thread;
    });
    const tickets = new WebAssembly.Module(ticketModule());
    this.#post((index) => ({ memory, tickets, index, words }));
  }

  /** Hands a program to all workers. Gives its number, and the function that says whether all have it. */
  register(program: WebAssembly.Module): { readonly number: number; readonly ready: () => boolean } {
    const number = this.#programs++;
    this.#post(() => ({ program, number }));
    const sent = this.#posted;
    let ready = false;
    return {
      number,
      ready: () => !this.#failed && (ready ||= this.#threads.every((_, i) => this.#dealtWith(i) >= sent)),
    };
  }

  /** Stops the threads. */
  end(): void {
    for (const thread of this.#threads) void thread.terminate();
  }

  #fail(): void {
    if (this.#failed) return;
    this.#failed = true;
    console.warn(
      "wasm: a worker could not start or has ended; programs go on with one thread (a page's Content-Security-Policy must allow workers: worker-src blob:)",
    );
  }

  #dealtWith(index: number): number {
    return Atomics.load(this.#control, words.received / 4 + index);
  }

  #post(message: (index: number) => Message): void {
    this.#threads.forEach((thread, index) => thread.postMessage(message(index)));
    Atomics.store(this.#control, words.posted / 4, ++this.#posted);
    Atomics.add(this.#control, words.sequence / 4, 1);
    Atomics.notify(this.#control, words.sequence / 4);
  }
}

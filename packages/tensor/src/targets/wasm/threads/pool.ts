import { Help } from "./help";
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

/** A module of Node's own; undefined elsewhere. */
const builtin = (name: string): unknown =>
  (globalThis as { process?: { getBuiltinModule?(name: string): unknown } }).process?.getBuiltinModule?.(name);

/** How this engine makes threads; undefined where it cannot. */
function threadMaker(): MakeThread | undefined {
  const threads = builtin("node:worker_threads") as
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

/** How many threads that share memory are of use here, and why no more. */
export function threadsHere(): { readonly most: number; readonly why: string } {
  if (typeof SharedArrayBuffer === "undefined")
    return {
      most: 1,
      why: "SharedArrayBuffer is missing (a page must be cross-origin isolated: send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp)",
    };
  if (!threadMaker()) return { most: 1, why: "this engine has no workers" };
  return { most: processors(), why: "there are processors for no more" };
}

/** How many processors the system lets this process, or page, use; no limit where it does not say. */
function processors(): number {
  const system = builtin("node:os") as { availableParallelism?(): number } | undefined;
  const page = globalThis.navigator as { hardwareConcurrency?: number } | undefined;
  return system?.availableParallelism?.() ?? page?.hardwareConcurrency ?? Infinity;
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

  /** Hands a program to all workers. Gives what starts it, alone until all have it and then with their help where that pays. */
  share(program: WebAssembly.Module, start: () => void): () => void {
    const number = this.#programs++;
    this.#post(() => ({ program, number }));
    const sent = this.#posted;
    const help = new Help();
    let handedOut = false;
    return () => {
      handedOut ||= this.#threads.every((_, i) => this.#dealtWith(i) >= sent);
      const ready = handedOut && !this.#failed;
      this.#control[words.program / 4] = number;
      this.#control[words.open / 4] = ready && help.wanted ? 1 : 0;
      const begun = performance.now();
      start();
      if (ready) help.took(performance.now() - begun);
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

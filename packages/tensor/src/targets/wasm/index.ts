import { checkOptions } from "../../arguments";
import { ProgramCache, type Target } from "../target";
import { engineOf } from "./engine";
import { WasmMemory } from "./memory";
import { maxPages } from "./module";
import { threadedProgram, wasmProgram } from "./program";
import { giveUp, numbersOf } from "./residents";
import { checkEngine } from "./simd";
import { threadsHere } from "./threads/pool";
import { mostWorkers } from "./threads/words";

export interface WasmOptions {
  /**
   * Results are the same to the bit on every engine and processor. Otherwise products are fused with the sums they are added to where the
   * engine can (relaxed SIMD), which is faster and rounds once, not twice.
   * @defaultValue false
   */
  readonly deterministic?: boolean;
  /**
   * Threads that large programs run on, this one among them: at most 64, and no more than there are processors for. Results are the same for any
   * number. A page must be cross-origin isolated for more than one; where there are fewer, a warning says why. A program whose time they do not
   * shorten goes on with one, and tries again now and then.
   * @defaultValue 1
   */
  readonly threads?: number;
}

const made = new Map<string, Target>();
const memories = new Map<number, WasmMemory>();
const warned = new Set<string>();

/**
 * The default target: programs as WebAssembly, emitted by this library, with 128-bit SIMD. There is one target for each choice of options.
 * @throws UnsupportedError where the engine has no WebAssembly, or none with SIMD; `js()` works there.
 */
export function wasm(options: WasmOptions = {}): Target {
  const { deterministic, threads } = settled(options);
  const key = `${threads}${deterministic}`;
  let target = made.get(key);
  if (!target) made.set(key, (target = make(deterministic, threads)));
  return target;
}

function settled(options: WasmOptions): Required<WasmOptions> {
  checkOptions("wasm", options, ["deterministic", "threads"]);
  const { deterministic = false, threads = 1 } = options;
  if (typeof deterministic !== "boolean")
    throw new TypeError(`wasm: deterministic is ${String(deterministic)}; give true or false`);
  if (!Number.isInteger(threads) || threads < 1 || threads > mostWorkers + 1)
    throw new RangeError(`wasm: threads is ${String(threads)}; give an integer from 1 to ${mostWorkers + 1}`);
  if (threads === 1) return { deterministic, threads };
  const { most, why } = threadsHere();
  if (threads <= most) return { deterministic, threads };
  const fewer = most === 1 ? "one thread" : `${most} threads`;
  if (!warned.has(why)) console.warn(`wasm: ${fewer} in place of ${threads}: ${why}`);
  warned.add(why);
  return { deterministic, threads: most };
}

/** Programs take turns, so targets need no memories of their own. */
function memoryFor(threads: number): WasmMemory {
  const memory = memories.get(threads) ?? new WasmMemory(maxPages, threads);
  memories.set(threads, memory);
  return memory;
}

/** A target of its own, over a memory for so many threads. */
export function make(deterministic: boolean, threads: number, memory: WasmMemory = memoryFor(threads)): Target {
  checkEngine();
  const engine = engineOf(deterministic, threads);
  return Object.freeze<Target>({
    name: "wasm",
    supports: () => true,
    program: (tape) =>
      threads > 1 ? threadedProgram(tape, memory, engine, memoryFor(1)) : wasmProgram(tape, memory, engine),
    upload: (values) => values,
    read: numbersOf,
    release: giveUp,
    programs: new ProgramCache(),
  });
}

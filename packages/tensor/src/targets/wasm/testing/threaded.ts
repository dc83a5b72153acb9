import type { Target } from "../../target";
import { make } from "../index";
import { WasmMemory } from "../memory";
import { maxPages } from "../module";

/**
 * `wasm` for so many threads, however many processors there are. Without workers the tiles are made as for all of them and this thread takes each, from
 * the first run on.
 */
export const threaded = (threads: number, workers = 0): Target =>
  make(false, threads, new WasmMemory(maxPages, threads, workers));

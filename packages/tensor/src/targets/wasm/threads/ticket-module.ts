import { sharedEngine } from "../engine";
import { wasmModule } from "../module";

/** A module with nothing but `take` and `done`. */
export function ticketModule(): Uint8Array<ArrayBuffer> {
  const module = wasmModule(sharedEngine);
  for (const name of ["take", "done"] as const) module.export({ index: module.thread(name), parameters: 0 }, name);
  return module.finish();
}

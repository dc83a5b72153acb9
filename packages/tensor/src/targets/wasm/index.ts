import type { TypedArray } from "../../dtype";
import { UnsupportedError } from "../../errors";
import { ProgramCache, type Target } from "../target";
import { WasmMemory } from "./memory";
import { wasmProgram } from "./program";

let only: Target | undefined;

/**
 * The default target: programs as WebAssembly, emitted by this library, 128-bit SIMD in matrix products.
 * @throws UnsupportedError where the engine has no WebAssembly; `js()` works there.
 */
export function wasm(): Target {
  return (only ??= make());
}

function make(): Target {
  if (typeof WebAssembly === "undefined")
    throw new UnsupportedError("wasm: this engine has no WebAssembly; use defaultTarget(js()), which needs none");
  const memory = new WasmMemory();
  return Object.freeze<Target>({
    name: "wasm",
    supports: () => true,
    program: (tape) => wasmProgram(tape, memory),
    upload: (values) => values,
    read: (storage) => storage as TypedArray,
    programs: new ProgramCache(),
  });
}

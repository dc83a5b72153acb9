import { UnsupportedError } from "../../errors";
import { preamble } from "./encode";

/** A module of one function that repeats a byte over a vector and counts bits in it. */
const probe = Uint8Array.of(
  ...preamble,
  ...[1, 5, 1, 0x60, 0, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 0x41, 0, 0xfd, 15, 0xfd, 98, 11],
);

/** @throws UnsupportedError where the engine has no WebAssembly, or none with vectors of 128 bits */
export function checkEngine(): void {
  if (typeof WebAssembly === "undefined")
    throw new UnsupportedError("wasm: this engine has no WebAssembly; use defaultTarget(js()), which needs none");
  if (!WebAssembly.validate(probe))
    throw new UnsupportedError(
      "wasm: this engine's WebAssembly has no 128-bit SIMD; use defaultTarget(js()), which needs none, or a newer engine",
    );
}

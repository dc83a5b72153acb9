import { preamble } from "./encode";

/** What of an engine the emitted code depends on. */
export interface Engine {
  /** Multiply–adds of vectors round once: relaxed SIMD, a quarter to a half faster; the results are the processor's. */
  readonly fused: boolean;
  /**
   * Machine code keeps the order of WebAssembly's instructions, so that chains of operations overlap only where they are written side by side. V8 up to 12
   * mixes those of a whole block, and fills more registers. @defaultValue false
   */
  readonly ordered?: boolean;
  /** How many threads programs run on; more than one share their memory. */
  readonly threads: number;
  /** How many a program for one could run on: lowering one that has work for them throws `WorthSharing`. @defaultValue threads */
  readonly available?: number;
}

/** Assumes nothing: code that every engine with SIMD runs, to the same bits. */
export const plainEngine: Engine = { fused: false, threads: 1 };

/** The least for a module of a memory that threads share. */
export const sharedEngine: Engine = { fused: false, threads: 2 };

/** What this engine can do, deterministic or at its fastest. */
export const engineOf = (deterministic: boolean, threads = 1): Engine => ({
  threads,
  fused: !deterministic && WebAssembly.validate(fusedProduct),
  ordered: WebAssembly.validate(wideTable),
});

/**
 * A module with a table of 64-bit indices, by which newer engines are known: V8 13 (Node 24), which keeps the order of instructions, has them, and V8 12
 * (Node 22) has not.
 */
const wideTable = Uint8Array.of(...preamble, ...[4, 4, 1, 0x70, 4, 0]);

/** A module with a function that adds a product of two vectors to a third. */
const fusedProduct = Uint8Array.of(
  ...preamble,
  ...[1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 11],
);

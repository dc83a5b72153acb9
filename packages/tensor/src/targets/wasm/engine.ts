import { ByteWriter, op, sections, simd, v128 } from "./encode";

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
  fused: !deterministic && WebAssembly.validate(fusedModule()),
  ordered: WebAssembly.validate(wideTable),
});

/**
 * A module with a table of 64-bit indices, by which newer engines are known: V8 13 (Node 24), which keeps the order of instructions, has them, and V8 12
 * (Node 22) has not.
 */
const wideTable = Uint8Array.of(...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], ...[4, 4, 1, 0x70, 4, 0]);

/** A module with a function that adds a product. */
function fusedModule(): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  out.bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  out.section(sections.type, (s) => s.bytes([1, 0x60, 3, v128, v128, v128, 1, v128]));
  out.section(sections.function, (s) => s.bytes([1, 0]));
  out.section(sections.code, (s) => {
    s.unsigned(1);
    const parameters = [0, 1, 2].flatMap((parameter) => [op.localGet, parameter]);
    s.sized(Uint8Array.from([0, ...parameters, ...simd.f32x4RelaxedMadd, op.end]));
  });
  return out.written();
}

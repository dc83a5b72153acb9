import type * as functions from "./functions";
import type { Aval } from "./primitive";
import type { Tape } from "./tape";
import type { Tensor } from "./tensor";

/** Transforms of tapes, handed to the rules of nodes that hold tapes (loops, branches, calls). Implemented above this package. */
export interface Transforms {
  /**
   * Reverse mode: the tape (ins…, cotangents of active outputs…) → (cotangents of inputs marked in `wanted`, in order; zeros where there is none).
   * The forward computation is repeated inside. `active` marks outputs whose cotangents are given.
   */
  vjp(tape: Tape, wanted: readonly boolean[], active: readonly boolean[]): Traced;
  /**
   * Reverse mode in two halves: `forward`: ins → (outs…, residuals…); `backward`: (residuals…, cotangents of active outputs…) → cotangents of wanted inputs.
   */
  linearize(tape: Tape, wanted: readonly boolean[], active: readonly boolean[]): { forward: Traced; backward: Traced };
  /** Forward mode: (ins…, tangents of inputs marked in `moved`…) → (outs…, tangents of outs marked in `movedOuts`…). */
  jvp(tape: Tape, moved: readonly boolean[]): Traced & { movedOuts: readonly boolean[] };
  /** Inputs marked in `batched` carry an axis 0 of length `size`; so do outputs marked in `batchedOuts`, among them all in `forced`. */
  batch(
    tape: Tape,
    batched: readonly boolean[],
    size: number,
    forced?: readonly boolean[],
  ): Traced & { batchedOuts: readonly boolean[] };
}

/** A tape, and the outer tensors that it closed over: its last inputs, to be passed after the declared ones. */
export interface Traced {
  readonly tape: Tape;
  readonly captured: readonly Tensor[];
}

/** What rules are written in: every function of the package, and the transforms. Numbers in a rule are part of the program. */
export type RuleOps = typeof functions & { readonly transforms: Transforms };

export type { Aval };

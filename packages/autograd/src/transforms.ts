import { ops, type Tape, type Traced, type Transforms } from "@dzdt/tensor";
import { batch } from "./batch";
import { forward } from "./forward";
import { type Halves, halve } from "./linearize";
import { part } from "./part";
import type { Rules } from "./replay";
import { reverse } from "./reverse";

/**
 * Every transform takes a tape and gives a tape. All inputs are alike to them: those that a tape captured become ordinary inputs of the
 * result, so pass them along.
 */
export const transforms: Transforms = Object.freeze<Transforms>({
  vjp: (tape, wanted, active) => {
    const whole = reverse(rules, tape, wanted, active);
    return part(whole.tape, whole.ins.concat(whole.cotangents), whole.results);
  },
  linearize: (tape, wanted, active) => halve(reverse(rules, tape, wanted, active), false),
  jvp: (tape, moved) => forward(rules, tape, moved),
  batch: (tape, batched, size, forced) => batch(rules, tape, batched, size, forced),
});

/** What the rules of primitives are written in: all functions, and the transforms for nodes that hold tapes. */
export const rules: Rules = Object.freeze({ ...ops, transforms });

/** ins → (outs…, cotangents of wanted inputs…), for cotangents of one at the active outputs. */
export function valueAndCotangents(tape: Tape, wanted: readonly boolean[], active: readonly boolean[]): Traced {
  const whole = reverse(rules, tape, wanted, active, true);
  return part(whole.tape, whole.ins, whole.outs.concat(whole.results));
}

/** Like `transforms.linearize`; inputs that the backward half reads are passed to it rather than returned by the forward half. */
export const linearize = (tape: Tape, wanted: readonly boolean[], active: readonly boolean[]): Halves =>
  halve(reverse(rules, tape, wanted, active), true);

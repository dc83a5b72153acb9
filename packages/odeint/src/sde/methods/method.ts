import { cast, type Tensor } from "@dzdt/tensor";
import type { Increment } from "../brownian/brownian";
import type { Span } from "../motion";

/** One step: its times and length, the state's leaves, and the motion over the step. */
export interface Step extends Omit<Span, "number"> {
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly noise: Increment;
}

/** What a step makes. */
export interface Stepped {
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
}

/** How to take one step: functions on leaves, recorded in the loop's body. */
export interface SdeMethod {
  /** What is carried from step to step besides the state. */
  begin(t: Tensor, y: readonly Tensor[]): Tensor[];
  step(step: Step): Stepped;
  /** The state and memory before a step from those after it; only of methods whose steps can be undone. */
  readonly undo?: (step: Step) => Stepped;
  /** Evaluations of the drift: before the first step, and in each. */
  readonly evaluations: { readonly begin: number; readonly step: number };
}

/** A time within a step; the end of one is exact. */
export const timeWithin = ({ t, tNext, h }: Step, c: number): Tensor =>
  c === 0 ? t : c === 1 ? tNext : t.add(h.mul(c));

/** Σ weights[i] · terms[i], leaf by leaf; terms of weight 0 are not read. */
export function weighted(
  weights: readonly number[],
  terms: readonly (readonly Tensor[] | undefined)[],
): Tensor[] | undefined {
  let sum: Tensor[] | undefined;
  weights.forEach((w, i) => {
    if (w === 0) return;
    const term = terms[i]!.map((x) => (w === 1 ? x : x.mul(w)));
    sum = sum ? plus(sum, term) : term;
  });
  return sum;
}

/** Leaf by leaf; undefined is zero. */
export const plus = (x: readonly Tensor[], y: readonly Tensor[] | undefined): Tensor[] =>
  y ? x.map((leaf, k) => leaf.add(y[k]!)) : [...x];

/** A scalar times leaves. */
export const scaled = (scale: Tensor, leaves: readonly Tensor[] | undefined): Tensor[] | undefined =>
  leaves?.map((x) => x.mul(cast(scale, x.dtype)));

/** A sum of tensors with weights; undefined if all are 0. */
export function combination(terms: readonly (readonly [number, Tensor | undefined])[]): Tensor | undefined {
  let sum: Tensor | undefined;
  for (const [weight, x] of terms) {
    if (weight === 0) continue;
    const term = weight === 1 ? x! : x!.mul(weight);
    sum = sum ? sum.add(term) : term;
  }
  return sum;
}

import type { DType } from "../dtype";
import type { ByFloat } from "../lower/math/floats";
import { accuracy, accuracyOfDecay } from "../lower/math/accuracy";

/** How far results may be from the oracle's. */
export interface Tolerance {
  /** In units in the last place of the expected number; with `of: "tensor"` of the largest expected number. */
  readonly ulps: number;
  readonly of: "element" | "tensor";
}

type Row = Tolerance | Readonly<Partial<Record<DType, Tolerance>>>;

const exact: Tolerance = { ulps: 0, of: "element" };
const within = (ulps: number): Tolerance => ({ ulps, of: "element" });
const overall = (ulps: number): Tolerance => ({ ulps, of: "tensor" });

/** Both sides may be off by the bound of the function's accuracy. */
const twice = (bound: ByFloat<number>): Row => ({
  float32: within(2 * bound.float32),
  float64: within(2 * bound.float64),
});
const functions = Object.fromEntries(Object.entries(accuracy).map(([name, bound]) => [name, twice(bound)]));

/**
 * What each primitive's results may differ by between a target and `js`. Not named: the same bits, for all but the functions below are made of
 * operations that IEEE 754 rounds correctly, in an order that is part of the rule.
 */
const table: Readonly<Record<string, Row>> = {
  ...functions,
  sigmoid: within(6),
  softplus: within(6),
  logsumexp: within(8),
  decay: twice(accuracyOfDecay),
  contract: overall(16),
};

/** Where targets differ from the table, by name of the target: as measured there. Both CPU targets follow it. */
const byTarget: Readonly<Record<string, Readonly<Record<string, Row>>>> = {};

/** The tolerance of an operation's results on a target against those on `js`. */
export function tolerance(op: string, dtype: DType, target: string): Tolerance {
  const row = byTarget[target]?.[op] ?? table[op] ?? exact;
  return "ulps" in row ? row : (row[dtype] ?? exact);
}

/** Relative errors that tests of derivatives allow, in float64: against central differences with this step, and of identities. */
export const derivatives = { step: 6e-6, differences: 2e-6, identities: 1e-9, second: 1e-6 } as const;

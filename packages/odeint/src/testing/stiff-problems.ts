import { concat, cos, exp, mul, neg, sin, square, sub } from "@dzdt/tensor";
import type { TestProblem } from "./problems";

type Exact = (t: number) => number[];

const solved = (name: string, field: TestProblem["field"], t1: number, exact: Exact): TestProblem => ({
  name,
  field,
  y0: exact(0),
  t0: 0,
  t1,
  solution: exact(t1),
  exact,
});

/** y′ = −rate (y − cos t) − sin t with y = cos t, after Prothero and Robinson 1974, doi:10.1090/S0025-5718-1974-0331793-2. */
export const protheroRobinson = (rate = 1e4): TestProblem =>
  solved(
    "protheroRobinson",
    (t, y) => sub(mul(sub(y, cos(t)), -rate), sin(t)),
    3,
    (t) => [Math.cos(t)],
  );

/** y′ = −rate y + (rate − 1) e^(−t) with y = e^(−t): decay that is forced along a slow solution. */
export const forcedDecay = (rate = 1e4): TestProblem =>
  solved(
    "forcedDecay",
    (t, y) => sub(mul(exp(neg(t)), rate - 1), mul(y, rate)),
    2,
    (t) => [Math.exp(-t)],
  );

/** Kaps' problem y₁′ = −(rate + 2) y₁ + rate y₂², y₂′ = y₁ − y₂ − y₂², with e^(−2t) and e^(−t): nearly an algebraic equation. */
export const kaps = (rate = 1e4): TestProblem =>
  solved(
    "kaps",
    (_t, y) => {
      const [a, b] = [y.slice([0], [1]), y.slice([1], [2])];
      return concat([sub(mul(square(b), rate), mul(a, rate + 2)), sub(sub(a, b), square(b))]);
    },
    1,
    (t) => [Math.exp(-2 * t), Math.exp(-t)],
  );

/** Every problem above, at its rate of 1e4. */
export const stiffProblems: readonly TestProblem[] = [protheroRobinson(), forcedDecay(), kaps()];

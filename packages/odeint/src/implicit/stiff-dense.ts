import type { Tensor } from "@dzdt/tensor";
import { combine, shifted } from "../interpolation";
import { lagrange } from "../structure/lagrange";
import type { DiagonallyImplicitSolver } from "./tableau";

/*
 * Dense output of stiffly accurate methods with an explicit first stage. Slopes of stages are worth little where the field is very stiff: they are its
 * rate times what the states err by. There a polynomial through the states is as good as these.
 */

/** One row per stage: weights of its slope in the coefficients of θ, θ² …. */
export type Rows = readonly (readonly number[])[];

/** The dense output of a method as weights of its slopes: its own, or the cubic through the states and slopes of both ends. */
function smoothRows({ b, dense }: Pick<DiagonallyImplicitSolver, "b" | "dense">): Rows {
  if (dense) return dense.coefficients;
  const last = b.length - 1;
  return b.map((weight, j) => [
    j === 0 ? 1 : 0,
    3 * weight - (j === 0 ? 2 : 0) - (j === last ? 1 : 0),
    -2 * weight + (j === 0 ? 1 : 0) + (j === last ? 1 : 0),
  ]);
}

/**
 * The polynomial through the stages' states, as weights of their slopes. Where the field is infinitely stiff, states solve its algebraic equation
 * and slopes only tell how they came there.
 */
function stiffRows({ a, c }: Pick<DiagonallyImplicitSolver, "a" | "c">): Rows {
  const used = spread(c);
  const bases = lagrange(used.map((i) => c[i]!));
  return c.map((_, j) =>
    bases[0]!.slice(1).map((__, m) => used.reduce((sum, i, k) => sum + bases[k]![m + 1]! * (a[i]![j] ?? 0), 0)),
  );
}

/** At most so many states are used: more lie too close to each other. */
const mostStates = 6;

/** The first stage, the last, and others that are far from those before; of stages with the same node the last. */
function spread(c: readonly number[]): number[] {
  const all = c.flatMap((node, i) => (c.lastIndexOf(node) === i ? [i] : []));
  const used = [0, c.length - 1];
  const distance = (i: number): number => Math.min(...used.map((j) => Math.abs(c[i]! - c[j]!)));
  while (used.length < Math.min(mostStates, all.length))
    used.push(all.reduce((best, i) => (distance(i) > distance(best) ? i : best)));
  return used;
}

/** Dense output for fields that may be stiff: weights of the slopes, by powers s, s² … of s = θ − 1. */
export interface Extension {
  readonly stiff: Rows;
  /** What these have over those for fields that are not stiff. */
  readonly excess: Rows;
}

/** The dense output of a diagonally implicit method whose first stage is the state itself. */
export function extensionOf(solver: DiagonallyImplicitSolver): Extension {
  const [smooth, stiff] = [smoothRows(solver), stiffRows(solver)].map((coefficients) =>
    transposed(shifted({ kind: "polynomial", order: 0, coefficients })),
  ) as [number[][], number[][]];
  const none = stiff[0]!.map(() => 0);
  const degrees = Array.from({ length: Math.max(smooth.length, stiff.length) }, (_, m) => m);
  return {
    stiff: degrees.map((m) => stiff[m] ?? none),
    excess: degrees.map((m) => (stiff[m] ?? none).map((w, j) => w - (smooth[m]?.[j] ?? 0))),
  };
}

const transposed = (rows: Rows): number[][] => rows[0]!.map((_, m) => rows.map((row) => row[m]!));

/**
 * Coefficients of s, s² … in the state at θ less that at the step's end, from h times the slopes: P + G² (Q − P) with the polynomials P for fields that
 * are not stiff and Q for those that are, and G = I − F, F = (I − hγJ)⁻¹. In directions that are not stiff G = O(h) and Q − P = O(h³), as stages have
 * order 2: P's order, up to 4, remains. In stiff directions G is nearly I.
 * @param damped F times a vector
 */
export function extended({ stiff, excess }: Extension, k: readonly Tensor[], damped: (x: Tensor) => Tensor): Tensor[] {
  const rest = excess.slice(1).map((row) => {
    const all = combine(row, k)!;
    // 1 − G² = F (2 − F)
    return damped(all.mul(2).sub(damped(all)));
  });
  // P and Q agree at s = −1.
  const first = combine(
    rest.map((_, m) => (m % 2 === 0 ? 1 : -1)),
    rest,
  )!;
  return [first, ...rest].map((x, m) => combine(stiff[m]!, k)?.sub(x) ?? x.neg());
}

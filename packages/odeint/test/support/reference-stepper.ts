import { denseWeights, type WeightedStages } from "../../src/testing/order-conditions";
import type { ExplicitSolver, SymplecticSolver } from "../../src/tableau";

/** A vector field on plain numbers. */
export type PlainField = (t: number, y: readonly number[]) => readonly number[];

const combine = (k: readonly (readonly number[])[], weights: readonly number[], j: number): number =>
  weights.reduce((sum, weight, i) => sum + (weight === 0 ? 0 : weight * (k[i]?.[j] ?? NaN)), 0);

function stagesOf(
  { a }: Pick<WeightedStages, "a">,
  field: PlainField,
  t: number,
  h: number,
  y: readonly number[],
): (readonly number[])[] {
  const k: (readonly number[])[] = [];
  for (const row of a) {
    const c = row.reduce((sum, weight) => sum + weight, 0);
    k.push(
      field(
        t + c * h,
        y.map((x, j) => x + h * combine(k, row, j)),
      ),
    );
  }
  return k;
}

/** One step of a tableau, its error estimates and its dense output, written as in a textbook. */
export function plainStep(solver: ExplicitSolver, field: PlainField, t: number, h: number, y: readonly number[]) {
  const weigh = (a: WeightedStages["a"], weights: readonly number[]): number[] => {
    const k = stagesOf({ a }, field, t, h, y);
    return y.map((_, j) => h * combine(k, weights, j));
  };
  const moved = (method: WeightedStages): number[] =>
    weigh(method.a, method.b).map((change, j) => (y[j] ?? NaN) + change);
  return {
    y: moved(solver),
    error: solver.bError && weigh(solver.a, solver.bError),
    errorLow: solver.bErrorLow && weigh(solver.a, solver.bErrorLow),
    at: (theta: number) => moved(denseWeights(solver, theta)),
  };
}

/** Positions and momenta. */
export interface Phase {
  readonly q: readonly number[];
  readonly p: readonly number[];
}

/** One step of a splitting method for H = p·p/2 + V(q). */
export function plainSplittingStep(
  { sequence }: SymplecticSolver,
  force: (q: readonly number[]) => readonly number[],
  h: number,
  { q, p }: Phase,
): Phase {
  let phase = { q, p };
  for (const [part, weight] of sequence) {
    const change = part === "kick" ? force(phase.q) : phase.p;
    const move = (x: number, j: number): number => x + weight * h * (change[j] ?? NaN);
    phase = part === "kick" ? { q: phase.q, p: phase.p.map(move) } : { q: phase.q.map(move), p: phase.p };
  }
  return phase;
}

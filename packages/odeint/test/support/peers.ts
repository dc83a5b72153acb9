import type { ExplicitSolver } from "../../src/tableau";
import type { PlainField } from "./reference-stepper";

/** An initial value problem on plain numbers. */
export interface PlainProblem {
  readonly field: PlainField;
  readonly t0: number;
  readonly t1: number;
  readonly y0: readonly number[];
}

/** How another library chooses its steps. */
export interface Peer {
  /** The first step, and how often it calls the field for it and for the first slope. */
  start(problem: PlainProblem, f0: readonly number[], tol: number, order: number): readonly [h: number, calls: number];
  /** How much longer the next step is than this one, `wanted` by the error. */
  factor(wanted: number, accepted: boolean, afterRejection: boolean): number;
  readonly errorOrder: (solver: ExplicitSolver) => number;
}

/** SciPy 1.17: `RK45`, `DOP853`. */
export const scipy: Peer = {
  start: (problem, f0, tol, order) => [firstStep(problem, f0, tol, order), 2],
  factor: (wanted, accepted, afterRejection) =>
    accepted ? Math.min(afterRejection ? 1 : 10, wanted) : wanted > 0.2 ? wanted : 0.2,
  errorOrder: ({ order, embeddedOrder = order - 1 }) => embeddedOrder + 1,
};

/** diffrax 0.7 with its default controller, which begins with 0.01 where its first step is "automatic". */
export const diffrax: Peer = {
  start: () => [0.01, 1],
  factor: (wanted, accepted) =>
    accepted ? Math.min(10, Math.max(1, wanted)) : Math.min(0.9, wanted > 0.2 ? wanted : 0.2),
  errorOrder: ({ order }) => order,
};

const rms = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, each) => sum + each * each, 0) / x.length);

/** Hairer, Nørsett and Wanner 1993, II.4. */
function firstStep({ field, t0, t1, y0 }: PlainProblem, f0: readonly number[], tol: number, order: number): number {
  const span = t1 - t0;
  const scaled = (x: readonly number[]): number => rms(x.map((each, j) => each / (tol + Math.abs(y0[j]!) * tol)));
  const [d0, d1] = [scaled(y0), scaled(f0)];
  const h0 = Math.min(d0 < 1e-5 || d1 < 1e-5 ? 1e-6 : (0.01 * d0) / d1, Math.abs(span));
  const step = h0 * Math.sign(span);
  const f1 = field(
    t0 + step,
    y0.map((y, j) => y + step * f0[j]!),
  );
  const steep = Math.max(d1, scaled(f1.map((x, j) => x - f0[j]!)) / h0);
  const h1 = steep <= 1e-15 ? Math.max(1e-6, h0 * 1e-3) : (0.01 / steep) ** (1 / order);
  return Math.min(100 * h0, h1, Math.abs(span));
}

/**
 * A solve as a peer does it, with an FSAL solver and rtol = atol = tol, in plain arithmetic.
 * @returns attempts at steps, calls of the field and the last state, NaN where it does not get there
 */
export function peerSolve(
  peer: Peer,
  solver: ExplicitSolver,
  problem: PlainProblem,
  tol: number,
): { attempts: number; evaluations: number; y: readonly number[] } {
  const { field, t0, t1, y0 } = problem;
  const { stages } = solver;
  const order = peer.errorOrder(solver);
  const direction = Math.sign(t1 - t0);
  let [t, y, f] = [t0, y0, field(t0, y0)];
  const [first, calls] = peer.start(problem, f, tol, order);
  let [size, attempts, rejected] = [first, 0, false];
  while (direction * (t1 - t) > 0) {
    if (++attempts > 3000) return { attempts, evaluations: NaN, y: y.map(() => NaN) };
    const planned = t + size * direction;
    const tNext = direction * (planned - t1) > 0 ? t1 : planned;
    const { next, error, slope } = attempt(solver, field, t, tNext, y, f, tol);
    const accepted = error < 1;
    size = Math.abs(tNext - t) * peer.factor(0.9 * error ** (-1 / order), accepted, rejected);
    rejected = !accepted;
    if (accepted) [t, y, f] = [tNext, next, slope];
  }
  return { attempts, evaluations: calls + attempts * (stages - 1), y };
}

function attempt(
  { a, c, bError, bErrorLow, stages }: ExplicitSolver,
  field: PlainField,
  t: number,
  tNext: number,
  y: readonly number[],
  f: readonly number[],
  tol: number,
): { next: readonly number[]; error: number; slope: readonly number[] } {
  const h = tNext - t;
  const k = [f];
  const sum = (weights: readonly number[], j: number): number =>
    weights.reduce((total, weight, i) => (weight === 0 ? total : total + weight * k[i]![j]!), 0);
  let next = y;
  for (let i = 1; i < stages; i++) {
    next = y.map((x, j) => x + h * sum(a[i]!, j));
    k.push(field(t + c[i]! * h, next));
  }
  const size = (weights: readonly number[]): number =>
    rms(y.map((x, j) => (h * sum(weights, j)) / (tol + tol * Math.max(Math.abs(x), Math.abs(next[j]!)))));
  const high = size(bError!);
  const low = bErrorLow ? size(bErrorLow) : 0;
  const error = high === 0 || !bErrorLow ? high : (high * high) / Math.sqrt(high * high + 0.01 * low * low);
  return { next, error, slope: k[stages - 1]! };
}

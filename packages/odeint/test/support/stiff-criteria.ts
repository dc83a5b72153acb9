import { jacfwd } from "@dzdt/autograd";
import { type Tensor } from "@dzdt/tensor";
import { odeint, radau5, type Solver } from "../../src/index";
import { tensorField, type WrittenField } from "./expression";
import { f64, numbers } from "./numbers";

/** A stiff problem with values of its solution, and tolerances and work of SciPy's Radau by relative tolerance. */
export interface StiffProblem extends WrittenField {
  readonly id: string;
  readonly t0: number;
  readonly y0: readonly number[];
  readonly outputs: readonly { readonly t: number; readonly y: readonly number[] }[];
  /** Evaluations of the field, and factorisations. */
  readonly peer: Readonly<Record<string, readonly number[]>>;
  /** Those of SciPy's BDF, where many steps of a multistep method are what the problem asks for. */
  readonly multistepPeer?: Readonly<Record<string, readonly number[]>>;
  readonly atol: Readonly<Record<string, number>>;
}

const floorOf = (reference: readonly number[]): number => 1e-3 * Math.max(...reference.map(Math.abs));

/** Error as the baseline measures it: relative, with a floor of 1e-3 of the largest component. */
export function weightedError(y: readonly number[], reference: readonly number[]): number {
  const floor = floorOf(reference);
  return Math.max(...y.map((x, i) => Math.abs(x - reference[i]!) / (Math.abs(reference[i]!) + floor)));
}

/**
 * By how much each output magnifies relative changes of the initial state, measured like errors, and no less than 1: from the variational equation.
 */
export function conditionsOf({ id: _, t0, y0, outputs, ...field }: StiffProblem): number[] {
  const times = [t0, ...outputs.map(({ t }) => t)];
  const n = y0.length;
  const solved = (y: Tensor): Tensor =>
    odeint(tensorField(field), y, times, { solver: radau5, rtol: 1e-8, atol: 1e-12 }).ys;
  const derivatives = numbers(jacfwd(solved)(f64(y0)));
  return outputs.map(({ y }, k) => {
    const change = y.map((_, i) =>
      y0.reduce((sum, start, j) => sum + Math.abs(derivatives[((k + 1) * n + i) * n + j]! * start), 0),
    );
    return Math.max(1, ...change.map((x, i) => x / (Math.abs(y[i]!) + floorOf(y))));
  });
}

/** What a solve at a relative tolerance gives, in the units of the acceptance criteria. */
export interface Measured {
  /** Errors at the outputs, in units of rtol. */
  readonly errors: readonly number[];
  readonly states: readonly (readonly number[])[];
  readonly steps: number;
  readonly rejected: number;
  /** Evaluations of the field and factorisations, in units of the peer's. */
  readonly work: number;
}

/** Solves a problem at a tolerance of those it has data for, such as "1e-07". */
export function measure(problem: StiffProblem, solver: Solver, rtol: string): Measured {
  const { y0, t0, outputs, atol, peer, multistepPeer } = problem;
  const { ys, stats } = odeint(tensorField(problem), f64(y0), [t0, ...outputs.map(({ t }) => t)], {
    solver,
    rtol: Number(rtol),
    atol: atol[rtol]!,
  });
  const states = outputs.map((_, k) => numbers(ys.slice([k + 1], [k + 2])));
  const [steps, rejected, evaluations] = [stats.steps, stats.rejected, stats.evaluations].map((x) => x.itemSync());
  const [theirs, factorizations] = ((solver.name === "bdf" ? multistepPeer : undefined) ?? peer)[rtol]!;
  return {
    states,
    errors: outputs.map(({ y }, k) => weightedError(states[k]!, y) / Number(rtol)),
    steps: steps!,
    rejected: rejected!,
    work: (evaluations! + steps!) / (theirs! + factorizations!),
  };
}

import { constant, odeint, type Solver } from "@dzdt/odeint";
import { compile, tensor, type Tensor, tree, type Tree } from "@dzdt/tensor";
import type { DiagramProblem } from "./problems";

/** One solve. */
export interface Point {
  readonly evaluations: number;
  readonly milliseconds: number;
  /** Of the end, relative to its largest component. */
  readonly error: number;
}

/** The solves of one solver, at all tolerances at which it ended. */
export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
}

const repetitions = 15;

/** Solves of one solver at tolerances, or with steps, that are arguments: compiled once. */
function solves(
  { field, y0, t1, atol, steps }: DiagramProblem,
  solver: Solver,
): (x: number) => { end: number[]; evaluations: number; succeeded: boolean } {
  const start = stateOf(y0);
  const run = compile((x: Tensor) => {
    const by = steps ? { controller: constant({ dt: x }) } : { rtol: x, atol: x.mul(10 ** atol) };
    const { ys, stats, status } = odeint(field as never, start, [0, t1], { solver, throw: false, ...by });
    return { ys, evaluations: stats.evaluations, status } as never;
  }) as unknown as (x: Tensor) => { ys: Tree; evaluations: Tensor; status: Tensor };
  return (x) => {
    const { ys, evaluations, status } = run(tensor(x, { dtype: "float64" }));
    const end = (tree.leaves(ys) as Tensor[]).flatMap((leaf) => Array.from(leaf.dataSync()).slice(-leaf.size / 2));
    return { end, evaluations: evaluations.itemSync(), succeeded: status.itemSync() === 0 };
  };
}

const numbers = (values: readonly number[]): Tensor => tensor([...values], { dtype: "float64" });

const stateOf = (y0: DiagramProblem["y0"]): Tree => ("q" in y0 ? { q: numbers(y0.q), p: numbers(y0.p) } : numbers(y0));

/** Relative tolerances, or lengths of steps, from coarse to fine. */
function settings({ tolerances: [from, to], steps, t1 }: DiagramProblem): number[] {
  if (!steps) return Array.from({ length: 2 * (to - from) + 1 }, (_, i) => 10 ** -(from + i / 2));
  const octaves = Math.round(Math.log2(steps[1] / steps[0]));
  return Array.from({ length: 2 * octaves + 1 }, (_, i) => t1 / Math.round(steps[0] * 2 ** (i / 2)));
}

/** All curves of a problem. */
export function measure(problem: DiagramProblem): Curve[] {
  const { judge, steps, atol } = problem;
  const tight = judge.name === "radau5" ? 1e-11 : 1e-14;
  const right = solves({ ...problem, steps: undefined, atol: steps ? 0 : atol } as never, judge)(tight).end;
  const largest = Math.max(...right.map(Math.abs));
  return problem.solvers.map(({ name, solver }) => {
    const solve = solves(problem, solver);
    const points = settings(problem).flatMap((setting) => {
      const { end, evaluations, succeeded } = solve(setting);
      const error = Math.max(...end.map((x, i) => Math.abs(x - right[i]!))) / largest;
      if (!succeeded || !(error < 1) || error === 0) return [];
      const times = Array.from({ length: repetitions }, () => {
        const before = performance.now();
        solve(setting);
        return performance.now() - before;
      });
      return [{ evaluations, error, milliseconds: Math.min(...times) }];
    });
    return { name, points };
  });
}

import { createRequire } from "node:module";
import type { Attempts } from "../../case";
import { one, oneByOne } from "../trajectories";

// Not imported: beside its JavaScript lie sources that older settings of TypeScript accept.
const { Solver } = createRequire(import.meta.url)("odex") as {
  Solver: new (n: number) => {
    absoluteTolerance: number;
    relativeTolerance: number;
    maxSteps: number;
    solve(f: (t: number, y: number[]) => number[], t0: number, y0: number[], t1: number): { y: number[] };
  };
};

function solve(y0: readonly number[], rho: number, end: number, tolerance: number): number[] {
  const solver = new Solver(3);
  solver.absoluteTolerance = tolerance;
  solver.relativeTolerance = tolerance;
  solver.maxSteps = 1e7;
  const lorenz = (_t: number, [x, y, z]: number[]): number[] => [
    10 * (y! - x!),
    x! * (rho - z!) - y!,
    x! * y! - (8 / 3) * z!,
  ];
  return solver.solve(lorenz, 0, [...y0], end).y;
}

export const attempts: Attempts = {
  W7a: () => one("extrapolation (Gragg, Bulirsch, Stoer)", (end) => solve([1, 1, 1], 28, end, 1e-8)),
  "W7b.adaptive": () => oneByOne("extrapolation, one by one", (rho) => solve([1, 0, 0], rho, 1, 1e-6)),
};

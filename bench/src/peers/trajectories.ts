import type { Attempt } from "../case";
import { rhoOf } from "../workloads/w7-ode";

/** All of W7b's trajectories, one after the other. */
export function oneByOne(note: string, solve: (rho: number) => ArrayLike<number>): Attempt {
  const n = 10_000;
  const ends = new Float64Array(3 * n);
  const run = (): Float64Array => {
    for (let i = 0; i < n; i++) ends.set(solve(rhoOf(i)), 3 * i);
    return ends;
  };
  return { note, dtype: "f64", run, result: run };
}

/** W7a: to t = 20, and to t = 5 for the check. */
export const one = (note: string, solve: (end: number) => ArrayLike<number>): Attempt => ({
  note,
  run: () => solve(20),
  result: () => [...Array.from(solve(5)), ...Array.from(solve(20))],
});

import {
  constant,
  type Controller,
  type ErrorNorm,
  forestRuth4Dkd,
  leapfrog,
  odeint,
  pid,
  rk4,
  rodas5p,
  separable,
  type Solver,
  tsit5,
} from "@dzdt/odeint";
import { vmap } from "@dzdt/autograd";
import { compile, type DType, full, linspace, ones, tensor, type Tensor, zeros } from "@dzdt/tensor";
import type { Attempt, Case, Numbers, Verdict } from "../case";
import { absoluteError, meanSquareIs, relativeError } from "../check";
import { dispose, numbersOf } from "../dzdt";
import { reference } from "../references";

type Point = { x: Tensor; y: Tensor; z: Tensor };

const lorenz = (_t: Tensor, { x, y, z }: Point, rho: Tensor | number): Point => ({
  x: y.sub(x).mul(10),
  y: x.mul(z.neg().add(rho)).sub(y),
  z: x.mul(y).sub(z.mul(8 / 3)),
});

const point = (x: number, y: number, z: number, dtype: DType): Point => ({
  x: tensor(x, { dtype }),
  y: tensor(y, { dtype }),
  z: tensor(z, { dtype }),
});

/** The end of a row of times, as a tree like the state. */
const lastRow = (x: Tensor): Tensor => x.slice([1], [2]);

const single: Case = {
  name: "W7a",
  n: 1,
  dtype: "f64",
  // The states at t = 5 and t = 20. Chaos makes 1e8 of an error until t = 20, so only the first is held to anything.
  check: (result) => {
    const [five, twenty] = [Array.from(result).slice(0, 3), Array.from(result).slice(3)];
    return {
      error: absoluteError(five, reference["W7a.y5"]),
      tolerance: 1e-4,
      figures: { err_t20: absoluteError(twenty, reference["W7a.y20"]) },
    };
  },
  dzdt: () => {
    const options = { args: 28, solver: tsit5, rtol: 1e-8, atol: 1e-8 };
    const solve = compile((y0: Point, end: Tensor) => {
      const { ys, stats } = odeint(lorenz, y0, end, options);
      return { y: { x: lastRow(ys.x), y: lastRow(ys.y), z: lastRow(ys.z) }, stats };
    });
    const y0 = point(1, 1, 1, "float64");
    const until = (t: number): Tensor => tensor([0, t], { dtype: "float64" });
    const twenty = until(20);
    return {
      note: "odeint, tsit5, compiled",
      run: () => dispose(solve(y0, twenty)),
      result: async () => [...(await numbersOf(solve(y0, until(5)).y)), ...(await numbersOf(solve(y0, twenty).y))],
      figures: async () => {
        const { stats } = solve(y0, twenty);
        return { steps: await stats.steps.item(), nfe: await stats.evaluations.item() };
      },
    };
  },
};

const trajectories = 10_000;

/** The parameter of one trajectory of the ensemble. */
export const rhoOf = (i: number): number => (21 * i) / (trajectories - 1);

type Lane = Point & { rho: Tensor };

/** The root of the mean of squares of the three errors: rho, which is part of the state here, has none. */
const threeErrors: ErrorNorm = (scaled) => {
  const { x, y, z } = scaled as Lane;
  return x.square().add(y.square()).add(z.square()).div(3).sqrt();
};

/** Ten thousand solves as the lanes of one: in the order of their parameters, or of a grid of them that has so many columns. */
function lanes(options: { solver: Solver; controller: Controller }, columns = 1): Attempt {
  const field = (t: Tensor, { rho, ...state }: Lane) => ({ ...lorenz(t, state, rho), rho: 0 });
  const solve = compile((rho: Tensor) => {
    const [one, zero] = [full([trajectories], 1), zeros([trajectories])];
    const y0 = { x: one, y: zero, z: zero, rho };
    const { ys, stats } = odeint(field, y0, [0, 1], { batch: "independent", ...options });
    const end = (x: Tensor): Tensor => x.slice([1, 0], [2, trajectories]);
    return { y: { x: end(ys.x), y: end(ys.y), z: end(ys.z) }, steps: stats.steps };
  });
  const grid = [columns, trajectories / columns];
  const rho = linspace(0, 21, trajectories).reshape(grid).transpose().reshape([trajectories]);
  return {
    note: `odeint, ${options.solver.name}, independent batch`,
    run: () => dispose(solve(rho)),
    result: () => numbersOf(solve(rho).y),
    figures: async () => ({ steps_mean: await solve(rho).steps.cast("float32").mean().item() }),
  };
}

const ensemble = (name: "rk4" | "adaptive" | "grid", dzdt: () => Attempt, onlyAsked?: true): Case => ({
  name: `W7b.${name}`,
  ...(onlyAsked ? { onlyAsked } : {}),
  n: trajectories,
  dtype: "f32",
  check: meanSquareIs(reference.W7b, 1e-3),
  dzdt,
});

const stiff = (name: "robertson" | "vanDerPol"): Case => ({
  name: `W7c.${name}`,
  n: 1,
  dtype: "f64",
  check: (result) => ({ error: componentError(result, reference[`W7c.${name}`]), tolerance: 1e-2 }),
  dzdt: () => {
    const { field, start, end } = stiffProblems[name];
    const solve = compile((y0: Tensor[], ts: Tensor) => {
      const { ys, stats } = odeint(field, y0, ts, { solver: rodas5p, rtol: 1e-6, atol: 1e-8 });
      return { y: ys.map(lastRow), stats };
    });
    const y0 = start.map((v) => tensor(v, { dtype: "float64" }));
    const ts = tensor([0, end], { dtype: "float64" });
    return {
      note: "odeint, rodas5p, compiled",
      run: () => dispose(solve(y0, ts)),
      result: () => numbersOf(solve(y0, ts).y),
      figures: async () => ({ steps: await solve(y0, ts).stats.steps.item() }),
    };
  },
});

/** Robertson's reactions, and van der Pol's oscillator with μ = 1000. */
const stiffProblems = {
  robertson: {
    field: (_t: Tensor, [a, b, c]: Tensor[]): Tensor[] => {
      const slow = a!.mul(0.04).sub(b!.mul(c!).mul(1e4));
      const fast = b!.mul(b!).mul(3e7);
      return [slow.neg(), slow.sub(fast), fast];
    },
    start: [1, 0, 0],
    end: 1e5,
  },
  vanDerPol: {
    field: (_t: Tensor, [y, v]: Tensor[]): Tensor[] => [v!, y!.mul(y!).sub(1).mul(v!).mul(-1000).sub(y!)],
    start: [2, 0],
    end: 3000,
  },
} as const;

const componentError = (got: Numbers, want: Numbers): number =>
  Math.max(...Array.from(want, (w, i) => Math.abs(got[i]! - w) / Math.abs(w)));

type Pair = { x: Tensor; y: Tensor };

/** Two coordinates and momenta, for `steps` steps of 0.01. */
function orbit(
  solver: Solver,
  start: readonly number[],
  force: (q: Pair) => Pair,
): Attempt & { end(steps: number): Promise<number[]> } {
  const [x, y, px, py] = start.map((v) => tensor(v, { dtype: "float64" })) as [Tensor, Tensor, Tensor, Tensor];
  const field = separable<Pair, Pair>({ velocity: (p) => p, force });
  const solve = compile((state: { q: Pair; p: Pair }, end: Tensor) => {
    const { q, p } = odeint(field, state, end, { solver, controller: constant({ dt: 0.01 }), maxSteps: 2_000_000 }).ys;
    return [lastRow(q.x), lastRow(q.y), lastRow(p.x), lastRow(p.y)];
  });
  const until = (steps: number): Tensor => tensor([0, steps / 100], { dtype: "float64" });
  const state = { q: { x, y }, p: { x: px, y: py } };
  const end = (steps: number): Promise<number[]> => numbersOf(solve(state, until(steps)));
  const million = until(1e6);
  return { run: () => dispose(solve(state, million)), result: () => end(1e6), end };
}

/** |H − H₀| / |H₀| */
const drift = (energy: (state: Numbers) => number, start: Numbers, end: Numbers): number =>
  Math.abs((energy(end) - energy(start)) / energy(start));

const keplerStart = [0.4, 0, 0, 2];
const keplerEnergy = (s: Numbers): number => (s[2]! ** 2 + s[3]! ** 2) / 2 - 1 / Math.hypot(s[0]!, s[1]!);
const henonStart = [0, 0.1, 0.5, 0];
const henonEnergy = (s: Numbers): number =>
  (s[0]! ** 2 + s[1]! ** 2 + s[2]! ** 2 + s[3]! ** 2) / 2 + s[0]! ** 2 * s[1]! - s[1]! ** 3 / 3;

const planet: Case = {
  name: "W7d.kepler",
  n: 1e6,
  dtype: "f64",
  // The state after 1e6 steps: only its energy is comparable, as rounding moves the phase.
  check: (result): Verdict => {
    const dH = drift(keplerEnergy, keplerStart, result);
    return { error: Math.abs(dH - reference["W7d.keplerDrift"]), tolerance: 1e-6, figures: { dH } };
  },
  dzdt: () =>
    orbit(leapfrog, keplerStart, ({ x, y }) => {
      const square = x.square().add(y.square());
      const scale = square.mul(square.sqrt()).neg();
      return { x: x.div(scale), y: y.div(scale) };
    }),
};

const galaxy: Case = {
  name: "W7d.henon",
  n: 1e6,
  dtype: "f64",
  // The state after 1e6 steps, then x and y after 1e4.
  check: (result): Verdict => {
    const numbers = Array.from(result);
    const dH = drift(henonEnergy, henonStart, numbers.slice(0, 4));
    const error = relativeError(numbers.slice(4), reference["W7d.henonXY"]);
    return { error: dH < 1e-9 ? error : Infinity, tolerance: 1e-8, figures: { dH } };
  },
  dzdt: () => {
    const attempt = orbit(forestRuth4Dkd, henonStart, ({ x, y }) => ({
      x: x.add(x.mul(y).mul(2)).neg(),
      y: y.square().sub(x.square()).sub(y),
    }));
    return { ...attempt, result: async () => [...(await attempt.end(1e6)), ...(await attempt.end(1e4)).slice(0, 2)] };
  },
};

/** So many solves that are batched as whole programs, each in steps of its own. */
const whole = (name: string, n: number, onlyAsked?: true): Case => ({
  name: `W7e.${name}`,
  only: "webgpu",
  ...(onlyAsked ? { onlyAsked } : {}),
  n,
  dtype: "f32",
  check: meanSquareIs(reference.W7b, 1e-3),
  dzdt: () => {
    const one = (rho: Tensor) => {
      const y0 = { x: ones([]), y: zeros([]), z: zeros([]) };
      const { ys } = odeint(lorenz, y0, [0, 1], { solver: tsit5, rtol: 1e-6, atol: 1e-6, args: rho, throw: false });
      return [ys.x, ys.y, ys.z].map((x) => x.slice([1], [2]).reshape([]));
    };
    const solve = compile(vmap(one));
    const rho = linspace(0, 21, n);
    return { note: "vmap of odeint, tsit5", run: () => dispose(solve(rho)), result: () => numbersOf(solve(rho)) };
  },
});

const adaptive = { solver: tsit5, controller: pid({ rtol: 1e-6, atol: 1e-6, norm: threeErrors }) };

/** Differential equations without networks: one, ten thousand, stiff, and a million steps. */
export const cases: readonly Case[] = [
  single,
  ensemble("rk4", () => lanes({ solver: rk4, controller: constant({ dt: 1e-3 }) })),
  ensemble("adaptive", () => lanes(adaptive)),
  ensemble("grid", () => lanes(adaptive, 8), true),
  whole("ensemble", trajectories),
  ...[1e5, 1e6, 1e7].map((n) => whole(`ensemble-1e${Math.log10(n)}`, n, true)),
  stiff("robertson"),
  stiff("vanDerPol"),
  planet,
  galaxy,
];

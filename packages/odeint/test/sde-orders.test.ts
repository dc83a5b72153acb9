import { vmap } from "@dzdt/autograd";
import { compile, random, stack, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import * as sdes from "../src/sde";
import { brownian, type Sde, sdeint, type SdeSolver } from "../src/sde";
import data from "./data/sde.json";
import { mean, slope } from "./support/statistics";

const exported: readonly unknown[] = Object.values(sdes);
const solvers = exported.filter(
  (value): value is SdeSolver => typeof value === "object" && value !== null && "kind" in value && "calculus" in value,
);
const scalar = (x: number): Tensor => tensor(x, { dtype: "float64" });
const last = (ys: Tensor): Tensor => ys.slice([1], [2]).reshape([]);

/** Root-mean-square differences of ends from a reference along the same paths, for each number of steps. */
function errors(
  solve: (path: sdes.BrownianPath, steps: number) => Tensor,
  exact: (path: sdes.BrownianPath) => Tensor,
  steps: readonly number[],
  count: number,
): number[] {
  const run = compile((keys: Tensor) =>
    vmap((key: Tensor) => {
      const path = brownian({ key, t0: 0, t1: 1, shape: [], levyArea: "space-time", tolerance: 2 ** -8 });
      const truth = exact(path);
      return stack(steps.map((n) => solve(path, n).sub(truth).square().sum()));
    })(keys),
  );
  const found = run(random.split(random.key(11), count)).dataSync();
  return steps.map((_, j) => Math.sqrt(mean(found.filter((_, i) => i % steps.length === j))));
}
const order = (steps: readonly number[], found: readonly number[]): number =>
  -slope(
    steps.map((n) => Math.log2(n)),
    found.map((e) => Math.log2(e)),
  );

describe("geometric Brownian motion, against the exact solution along each path", () => {
  const { mu, sigma, y0 } = data.gbm;
  const field = (calculus: sdes.Calculus): Sde => ({
    drift: (_t, y) => y.mul(mu),
    diffusion: (_t, y) => y.mul(sigma),
    noise: "scalar",
    calculus,
  });
  const steps = [8, 16, 32, 64];
  test.each(solvers.filter(({ noise }) => noise.includes("scalar")).map((s) => [s.name, s] as const))(
    "%s has its strong order",
    (_name, solver) => {
      const calculus = solver.calculus === "either" ? "ito" : solver.calculus;
      const shift = calculus === "ito" ? mu - sigma ** 2 / 2 : mu;
      const found = errors(
        (path, n) => last(sdeint(field(calculus), scalar(y0), [0, 1], { path, solver, dt: 1 / n }).ys),
        (path) => path.increment(0, 1).W.mul(sigma).add(shift).exp().mul(y0),
        steps,
        4000,
      );
      expect(Math.abs(order(steps, found) - solver.strongOrder.commutative!)).toBeLessThan(0.15);
    },
  );
});

describe("a nonlinear equation with additive noise, against 256 steps of shark", () => {
  const field: Sde = {
    drift: (t, y) => y.sin().mul(2).add(t.cos()),
    diffusion: (t) => t.mul(0.5).add(0.5),
    noise: "additive",
  };
  const steps = [4, 8, 16, 32];
  test.each(
    solvers.filter((s) => s.strongOrder.additive && s.noise.includes("additive")).map((s) => [s.name, s] as const),
  )("%s has at least its strong order", (_name, solver) => {
    const at = (path: sdes.BrownianPath, n: number, by: SdeSolver): Tensor =>
      last(sdeint(field, scalar(0.5), [0, 1], { path, solver: by, dt: 1 / n }).ys);
    const found = errors(
      (path, n) => at(path, n, solver),
      (path) => at(path, 256, sdes.shark),
      steps,
      500,
    );
    expect(order(steps, found)).toBeGreaterThan(solver.strongOrder.additive! - 0.15);
  });
});

describe("moments are within 4 standard errors of the exact ones", () => {
  const paths = 20_000;
  const keys = random.split(random.key(5), paths);
  /** The state at time t of many paths. */
  const ends = (sde: Sde, y0: number, t: number, solver: SdeSolver, dt: number): number[] => {
    const run = compile((all: Tensor) =>
      vmap((key: Tensor) => {
        const path = brownian({ key, t0: 0, t1: t, shape: [], levyArea: solver.levyArea, tolerance: dt / 2 });
        return last(sdeint(sde, scalar(y0), [0, t], { path, solver, dt }).ys);
      })(all),
    );
    return Array.from(run(keys).dataSync());
  };
  const check = (xs: readonly number[], expected: number): void => {
    const found = mean(xs);
    const spread = Math.sqrt(mean(xs.map((x) => (x - found) ** 2)) / xs.length);
    expect(Math.abs(found - expected)).toBeLessThan(4 * spread);
  };

  test.each([sdes.shark, sdes.sra1, sdes.spark])("Ornstein–Uhlenbeck, $name", (solver) => {
    const { theta, mean: to, sigma, x0, t, E, Var } = data.moments[0]!;
    const sde: Sde = {
      drift: (_t, y) => y.sub(to!).mul(-theta!),
      diffusion: (at) => at.mul(0).add(sigma),
      noise: "additive",
    };
    const xs = ends(sde, x0!, t, solver, t / 16);
    check(xs, E);
    check(
      xs.map((x) => (x - E) ** 2),
      Var!,
    );
  });

  test.each([sdes.sriw2, sdes.milstein])("geometric Brownian motion, $name", (solver) => {
    const { mu, sigma, y0, t, E, E2 } = data.moments[1]!;
    const sde: Sde = { drift: (_t, y) => y.mul(mu!), diffusion: (_t, y) => y.mul(sigma), noise: "scalar" };
    const xs = ends(sde, y0!, t, solver, t / 64);
    check(xs, E);
    check(
      xs.map((x) => x * x),
      E2!,
    );
  });
});

import { grad, vmap } from "@dzdt/autograd";
import { compile, random, stack, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  align,
  baoab,
  brownian,
  type BrownianPath,
  heunStratonovich,
  langevin,
  milstein,
  quicsort,
  type SdeSolver,
  sdeint,
  type SdeintOptions,
  should,
} from "../src/sde";
import { phi } from "../src/sde/methods/phi";
import { mean, slope } from "./support/statistics";
import { f64 } from "./support/numbers";

const last = (ys: Tensor): Tensor => ys.slice([1], [2]).reshape(ys.shape.slice(1));
const solvers: readonly SdeSolver[] = [align, should, quicsort, baoab];

/** A double well. */
const field = langevin({ force: (q: Tensor) => q.sub(q.mul(q).mul(q)), friction: 0.7, temperature: 0.8 });

test.each([0, 1e-12, 1e-3, 0.5, 0.999, 1, 1.001, 4, 30])("φₖ(−%d) is precise", (x) => {
  const found = phi(f64(x)).map((value) => value.itemSync());
  found.forEach((value, k) => {
    // ∫ e^(−x(1 − s)) s^(k−1) / (k − 1)! ds by Simpson's rule.
    const n = 2000;
    const factorial = Array.from({ length: Math.max(0, k - 1) }, (_, j) => j + 1).reduce((a, b) => a * b, 1);
    let sum = k === 0 ? Math.exp(-x) : 0;
    for (let i = 0; k > 0 && i <= n; i++) {
      const [s, weight] = [i / n, i === 0 || i === n ? 1 : i % 2 ? 4 : 2];
      sum += ((weight / (3 * n)) * Math.exp(-x * (1 - s)) * s ** (k - 1)) / factorial;
    }
    expect(Math.abs(value / sum - 1)).toBeLessThan(1e-6);
  });
  const [p0, p1, p2, p3, p4, p5] = found as [number, number, number, number, number, number];
  expect(Math.abs(p0 - (1 - x * p1))).toBeLessThan(1e-14);
  expect(Math.abs(p1 - (1 - x * p2))).toBeLessThan(1e-14);
  expect(Math.abs(p2 - (1 / 2 - x * p3))).toBeLessThan(1e-14);
  expect(Math.abs(p3 - (1 / 6 - x * p4))).toBeLessThan(1e-14);
  expect(Math.abs(p4 - (1 / 24 - x * p5))).toBeLessThan(1e-14);
});

describe.each(solvers.map((solver) => [solver.name, solver] as const))("%s", (_name, solver) => {
  const at = (path: BrownianPath, n: number, by: SdeSolver): Tensor => {
    const { q, p } = sdeint(field, { q: f64(0.5), p: f64(-1) }, [0, 1], { path, solver: by, dt: 1 / n }).ys;
    return stack([last(q), last(p)]);
  };

  test("has its strong order", () => {
    const steps = [4, 8, 16];
    const run = compile((keys: Tensor) =>
      vmap((key: Tensor) => {
        const path = brownian({ key, t0: 0, t1: 1, shape: [], levyArea: "space-time-time", tolerance: 1 / 256 });
        const truth = at(path, 256, quicsort);
        return stack(steps.map((n) => at(path, n, solver).sub(truth).square().sum()));
      })(keys),
    );
    const found = run(random.split(random.key(2), 200)).dataSync();
    const errors = steps.map((_, j) => Math.sqrt(mean(found.filter((_x, i) => i % steps.length === j))));
    const order = -slope(
      steps.map((n) => Math.log2(n)),
      errors.map((e) => Math.log2(e)),
    );
    expect(order, `errors ${errors.join(", ")}`).toBeGreaterThan(solver.strongOrder.additive! - 0.25);
  });

  test("samples a quadratic potential's stationary law", () => {
    const spring = langevin({ force: (q: Tensor) => q.mul(-2), friction: 1, temperature: 0.5 });
    const start = f64(new Array<number>(4000).fill(0));
    const { q, p } = sdeint(spring, { q: start, p: start }, [0, 12], { key: random.key(3), solver, dt: 0.1 }).ys;
    const square = (x: Tensor): number => last(x).square().mean().itemSync();
    expect(Math.abs(square(q) - 0.25)).toBeLessThan(4 * 0.25 * Math.sqrt(2 / 4000) + 0.002);
    expect(Math.abs(square(p) - 0.5)).toBeLessThan(4 * 0.5 * Math.sqrt(2 / 4000) + 0.004);
  });

  test("takes numbers to all their digits", () => {
    const end = (friction: number | Tensor, temperature: number | Tensor): number[] => {
      const spring = langevin({ force: (q: Tensor) => q.neg(), friction, temperature });
      const { q } = sdeint(spring, { q: f64(1), p: f64(0) }, [0, 1], { key: random.key(3), solver, dt: 0.1 }).ys;
      return Array.from(q.dataSync());
    };
    expect(end(0.7, 0.1)).toEqual(end(f64(0.7), f64(0.1)));
  });

  test("takes trees, and is differentiable", () => {
    const loss = (stiffness: Tensor): Tensor => {
      const tree = langevin({
        force: (q: { a: Tensor; b: Tensor }) => ({ a: q.a.mul(stiffness).neg(), b: q.b.sub(q.a) }),
        friction: 1,
        temperature: 1,
      });
      const at0 = { a: f64(1), b: f64([1, 2]) };
      return last(sdeint(tree, { q: at0, p: at0 }, [0, 1], { key: random.key(1), solver, dt: 0.25 }).ys.q.b).sum();
    };
    const d = 1e-5;
    const numeric = (loss(f64(1 + d)).itemSync() - loss(f64(1 - d)).itemSync()) / (2 * d);
    expect(grad(loss)(f64(1)).itemSync()).toBeCloseTo(numeric, 7);
  });
});

describe("langevin says what is wrong", () => {
  const key = random.key(0);
  const solve = (what: unknown, y0: unknown, options: unknown): unknown =>
    sdeint(what as typeof field, y0 as { q: Tensor; p: Tensor }, [0, 1], options as SdeintOptions);
  const y0 = { q: f64(0), p: f64(0) };
  test.each<[string, () => unknown, string]>([
    [
      "another solver",
      () => solve(field, y0, { key, solver: heunStratonovich }),
      "sdeint: heunStratonovich does not take a langevin field; use one of align, baoab, quicsort, should",
    ],
    [
      "another equation",
      () =>
        solve({ drift: (_t: Tensor, y: Tensor) => y, diffusion: (_t: Tensor, y: Tensor) => y }, f64(0), {
          key,
          solver: align,
        }),
      `sdeint: align is for langevin fields; use one of eulerMaruyama, ${milstein.name}`,
    ],
    [
      "another state",
      () => solve(field, f64(0), { key }),
      "sdeint: a langevin field has a state { q, p } of two trees alike",
    ],
    [
      "a force of another shape",
      () => solve(langevin({ force: (q: Tensor) => stack([q, q]), friction: 1, temperature: 1 }), y0, { key }),
      "sdeint: force returned [2] for a position of shape []; return a tree like q",
    ],
    [
      "a negative friction",
      () => langevin({ force: (q: Tensor) => q, friction: -1, temperature: 1 }),
      "langevin: friction is -1; give a finite number that is not negative, or a tensor",
    ],
  ])("%s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

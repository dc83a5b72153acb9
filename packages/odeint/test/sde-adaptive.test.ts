import { grad, vmap } from "@dzdt/autograd";
import { checkGrads } from "@dzdt/autograd/testing";
import { compile, js, random, stack, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  brownian,
  type BrownianPath,
  eulerMaruyama,
  generalShark,
  milstein,
  reversibleHeun,
  type Sde,
  sdeint,
  sea,
  spark,
  sriw2,
  Status,
} from "../src/index";
import { mean } from "./support/statistics";
import { f64, last, numbers } from "./support/numbers";

const apart = (x: readonly number[], y: readonly number[]): number => Math.max(...x.map((a, i) => Math.abs(a - y[i]!)));
const key = random.key(3);
const growth: Sde = { drift: (_t, y) => y.mul(0.3), diffusion: (_t, y) => y.mul(0.8) };
const turning: Sde = {
  drift: (t, y) => y.mul(-0.5).add(t.sin()),
  diffusion: (_t, y) => stack([y.cos(), y.flip(0).mul(0.3)], 1),
  noise: "general",
  calculus: "stratonovich",
};

/** The exact end of geometric Brownian motion. */
const grown = (path: BrownianPath, y0: readonly number[]): number[] =>
  numbers(path.increment(0, 1).W).map((w, i) => y0[i]! * Math.exp(0.3 - 0.32 + 0.8 * w));

describe("steps that are chosen by their errors", () => {
  test.each([
    ["milstein", milstein],
    ["sriw2", sriw2],
  ] as const)("follow one path the closer the smaller the tolerance: %s", (_name, solver) => {
    const paths = [1, 2, 3].map((seed) =>
      brownian({ key: random.key(seed), t0: 0, t1: 1, shape: [2], levyArea: "space-time" }),
    );
    const error = (rtol: number): number =>
      mean(
        paths.map((path) => {
          const { ys, stats } = sdeint(growth, f64([1, 2]), [0, 0.3, 1], { path, solver, rtol, atol: rtol / 10 });
          expect(stats.accepted.itemSync() + stats.rejected.itemSync()).toBe(stats.steps.itemSync());
          return apart(numbers(last(ys)), grown(path, [1, 2]));
        }),
      );
    const [coarse, fine] = [error(1e-1), error(1e-5)];
    expect(fine).toBeLessThan(coarse / 4);
    expect(fine).toBeLessThan(2e-3);
  });

  test("come to the same limit as short steps of one length, for noise that does not commute", () => {
    const path = brownian({ key, t0: 0, t1: 1, shape: [2], levyArea: "space-time" });
    const short = numbers(
      last(sdeint(turning, f64([0.5, 1]), [0, 1], { path, solver: generalShark, dt: 2 ** -11 }).ys),
    );
    for (const solver of [generalShark, spark]) {
      const { ys, stats } = sdeint(turning, f64([0.5, 1]), [0, 1], { path, solver, rtol: 1e-4, atol: 1e-5 });
      expect(stats.rejected.itemSync()).toBeGreaterThan(0);
      expect(apart(numbers(last(ys)), short)).toBeLessThan(2e-2);
    }
  });

  test("leave the law as it is", () => {
    const keys = random.split(random.key(11), 4000);
    const ends = vmap((k: Tensor) =>
      sdeint({ drift: (_t, y: Tensor) => y.mul(0.3), diffusion: (_t, y: Tensor) => y.mul(0.8) }, f64(1), [0, 1], {
        key: k,
        rtol: 3e-2,
      }).ys.slice([1], [2]),
    )(keys);
    const values = numbers(ends).map((y) => Math.log(y));
    const deviation = Math.sqrt(mean(values.map((x) => (x + 0.02) ** 2)));
    expect(Math.abs(mean(values) + 0.02)).toBeLessThan((4 * 0.8) / Math.sqrt(4000));
    expect(Math.abs(deviation - 0.8)).toBeLessThan((4 * 0.8) / Math.sqrt(8000));
  });

  test("are those of the drift where there is no noise", () => {
    const still: Sde = { drift: (_t, y) => y.mul(-2), diffusion: (_t, y) => y.mul(0), calculus: "stratonovich" };
    for (const solver of [spark, reversibleHeun]) {
      const { ys } = sdeint(still, f64([1]), [0, 0.25, 1], { key, solver, rtol: 1e-4, atol: 1e-6 });
      expect(apart(numbers(ys), [1, Math.exp(-0.5), Math.exp(-2)])).toBeLessThan(1e-4);
    }
  });

  test("are no longer than dt, and at most an eighth of the whole without it", () => {
    const steps = (options: object): number =>
      sdeint(growth, f64([1]), [0, 0.5, 1], { key, rtol: 1e3, ...options }).stats.steps.itemSync();
    expect(steps({})).toBe(8);
    expect(steps({ dt: 1 / 20 })).toBe(32);
    expect(steps({ dt: 10 })).toBe(2);
  });

  test("have gradients, with the steps held fixed, in both modes", () => {
    const path = brownian({ key, t0: 0, t1: 1, shape: [2] });
    const loss = (a: Tensor, y: Tensor): Tensor =>
      sdeint({ drift: (_t, x: Tensor) => x.mul(a), diffusion: (_t, x: Tensor) => x.mul(0.8) }, y, [0, 0.3, 1], {
        path,
        rtol: 1e-2,
      }).ys.sum();
    checkGrads(loss, [f64(0.3), f64([1, 2])], { order: 1 });
    expect(compile(grad(loss))(f64(0.3), f64([1, 2])).itemSync()).toBeCloseTo(
      grad(loss)(f64(0.3), f64([1, 2])).itemSync(),
      10,
    );
  });

  test("are those of each path alone under vmap, and the same on js and wasm", () => {
    const keys = random.split(key, 3);
    const one = (k: Tensor): Tensor => sdeint(growth, f64([1, 2]), [0, 0.4, 1], { key: k, rtol: 1e-2 }).ys;
    const many = vmap(one)(keys);
    for (let i = 0; i < 3; i++)
      expect(
        apart(numbers(many.slice([i], [i + 1])), numbers(one(keys.slice([i], [i + 1]).reshape([2])))),
      ).toBeLessThan(1e-12);
    const on = (target: ReturnType<typeof js>): number[] =>
      withTarget(target, () => numbers(sdeint(growth, f64([1, 2]), [0, 1], { key: random.key(5), rtol: 1e-2 }).ys));
    expect(apart(on(js()), on(wasm()))).toBeLessThan(1e-12);
  });

  test("fail by name", () => {
    const path = brownian({ key, t0: 0, t1: 1, shape: [1], tolerance: 0.1 });
    const solve = (options: object): unknown => sdeint(growth, f64([1]), [0, 1], { path, ...options });
    expect(() => solve({ rtol: 1e-5 })).toThrow(
      /stepUnderflow at t = 0 with step 0\.\d+ after 0 accepted and \d+ rejected steps, y\[0\] = 1; steps got as short as the path's tolerance/,
    );
    expect(() => solve({ rtol: 1e-5, maxSteps: 3, path: brownian({ key, t0: 0, t1: 1, shape: [1] }) })).toThrow(
      /^sdeint: maxStepsReached at t = 0\.\d+ with step 0\.\d+ after 1 accepted and 2 rejected steps, y\[0\] = 1\.\d+; raise maxSteps/,
    );
    expect(sdeint(growth, f64([1]), [0, 1], { path, rtol: 1e-5, throw: false }).status.itemSync()).toBe(
      Status.stepUnderflow,
    );
    expect(() => solve({ rtol: -1 })).toThrow("sdeint: rtol is -1; give a number that is 0 or positive");
    expect(() => solve({ rtol: 1e-2, solver: eulerMaruyama })).toThrow(
      "sdeint: eulerMaruyama converges to another equation",
    );
    const { status } = sdeint(
      { drift: (_t, y: Tensor) => y.neg(), diffusion: () => f64([0.1]), noise: "additive" },
      f64([1]),
      [0, 1],
      { key, rtol: 1e-2, solver: sea },
    );
    expect(status.itemSync()).toBe(0);
  });
});

import { checkGrads } from "@dzdt/autograd/testing";
import { random, stack, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  eulerMaruyama,
  generalShark,
  heunStratonovich,
  logOde,
  logqp,
  milstein,
  reversibleHeun,
  type Sde,
  sdeint,
  shark,
  slowRk,
  spark,
  sriw1,
  toIto,
  toStratonovich,
} from "../src/index";
import { f64, numbers } from "./support/numbers";

const key = random.key(3);
const close = (x: Tensor, expected: readonly number[]): void => {
  expect(x.size).toBe(expected.length);
  numbers(x).forEach((a, i) => expect(a).toBeCloseTo(expected[i]!, 10));
};
const prior = (_t: Tensor, y: Tensor): Tensor => y.mul(0.1);
/** Drifts that differ by a multiple of the diffusion have a constant rate. */
const growth = { drift: (_t: Tensor, y: Tensor) => y.mul(0.5), diffusion: (_t: Tensor, y: Tensor) => y.mul(0.2) };

describe("the divergence along a path", () => {
  test("is ½ |u|² of each component over each interval, and leaves the solution as it is, bit for bit", () => {
    for (const solver of [milstein, sriw1, eulerMaruyama]) {
      const options = { key, dt: 0.05, solver };
      const { kl, ys } = logqp(growth, prior, f64([1, 2]), [0, 0.3, 1], options);
      close(kl, [0.3 * 4, 0.7 * 4]);
      expect(numbers(ys)).toEqual(numbers(sdeint(growth, f64([1, 2]), [0, 0.3, 1], options).ys));
    }
    const strat = { ...growth, calculus: "stratonovich" } as const;
    for (const solver of [heunStratonovich, reversibleHeun, spark, logOde, generalShark, slowRk])
      close(logqp(strat, prior, f64([1, 2]), [0, 1], { key, dt: 0.1, solver }).kl, [4]);
  });

  test("is one for each trajectory of a batch", () => {
    const sde: Sde = { ...growth, drift: (_t, y) => y.mul(f64([[0.5], [0.1], [0.3]])) };
    close(
      logqp(
        sde,
        prior,
        f64([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        [0, 1],
        { key, dt: 0.1, batchAxes: 1 },
      ).kl,
      [4, 0, 1],
    );
  });

  test("of scalar, additive and general noise", () => {
    const scalar: Sde = { drift: (_t, y) => y.mul(0.5), diffusion: (_t, y) => y.mul(0.2), noise: "scalar" };
    close(logqp(scalar, prior, f64([1, 2]), [0, 1], { key, dt: 0.1 }).kl, [2]);
    const shift = (_t: Tensor, y: Tensor): Tensor => y.neg();
    const drift = (_t: Tensor, y: Tensor): Tensor => y.neg().add(1);
    const own: Sde = { drift, diffusion: () => f64([0.5, 0.25]), noise: "additive" };
    close(logqp(own, shift, f64([1, 2]), [0, 1], { key, dt: 0.1, solver: shark }).kl, [2 + 8]);
    const square: Sde = {
      drift,
      diffusion: (_t, y) => stack([y.mul(0).add(0.5), y.mul(0).add(f64([0.2, -0.3]))], 1),
      noise: "general",
    };
    close(logqp(square, shift, f64([1, 2]), [0, 1], { key, dt: 0.1 }).kl, [2]);
    // Three noises for one component: u is the shortest, Δ g / |g|².
    const wide: Sde = { drift, diffusion: () => f64([[1, 2, 2]]), noise: "additive" };
    close(logqp(wide, shift, f64([1]), [0, 1], { key, dt: 0.1 }).kl, [1 / 18]);
    // One noise for two components, along which the drifts differ.
    const thin: Sde = { drift, diffusion: () => f64([[0.5], [0.5]]), noise: "additive" };
    close(logqp(thin, shift, f64([1, 2]), [0, 1], { key, dt: 0.1 }).kl, [2]);
  });

  test("of a tree, with steps chosen by their errors", () => {
    const sde: Sde<{ a: Tensor; b: Tensor }> = {
      drift: (_t, { a, b }) => ({ a: a.mul(0.5), b: b.mul(0.3) }),
      diffusion: (_t, { a, b }) => ({ a: a.mul(0.2), b: b.mul(0.2) }),
    };
    const y0 = { a: f64(1), b: f64([1, 2]) };
    const found = logqp(sde, (_t, { a, b }) => ({ a: a.mul(0.1), b: b.mul(0.1) }), y0, [0, 1], { key, rtol: 1e-2 });
    close(found.kl, [2 + 0.5 + 0.5]);
    expect(found.ys.b.shape).toEqual([2, 2]);
  });

  test("has gradients", () => {
    const loss = (a: Tensor, b: Tensor, y: Tensor): Tensor => {
      const { ys, kl } = logqp(
        { drift: (_t, x: Tensor) => x.sin().mul(a), diffusion: (_t, x: Tensor) => x.cos().add(2) },
        (_t, x: Tensor) => x.mul(b),
        y,
        [0, 0.5, 1],
        { key, dt: 0.125 },
      );
      return kl.sum().add(ys.sum());
    };
    checkGrads(loss, [f64(0.7), f64(-0.4), f64([1, 2])], { order: 1 });
  });

  test("is refused where noise cannot make up for the difference", () => {
    const none: Sde = { drift: (_t, y) => y, diffusion: (_t, y) => y.mul(0) };
    expect(() => logqp(none, prior, f64([1]), [0, 1], { key, dt: 0.1 })).toThrow(
      /sdeint: nonFinite at t = 0 .* y\.kl = 0;/,
    );
    expect(() => logqp(growth, undefined as never, f64([1]), [0, 1], { key })).toThrow("logqp: the prior is undefined");
    expect(() => logqp(growth, prior, f64([1]), [0, 1], { key, batchAxes: 2 })).toThrow(
      "logqp: batchAxes is 2 for a state of shape [1]",
    );
  });
});

describe("the compiler", () => {
  const strat = { ...growth, calculus: "stratonovich" } as const;
  const additive = { drift: growth.drift, diffusion: () => f64([0.1]), noise: "additive" } as const;
  const solve = (run: () => unknown): (() => unknown) => run;

  test("refuses a solver of the other calculus, and so does the call, with the conversion", () => {
    // @ts-expect-error heunStratonovich is for Stratonovich equations
    const first = solve(() => sdeint(growth, f64([1]), [0, 1], { key, solver: heunStratonovich }));
    expect(first).toThrow("or convert it with toStratonovich(sde)");
    // @ts-expect-error eulerMaruyama is for Itô equations
    const second = solve(() => sdeint(strat, f64([1]), [0, 1], { key, solver: eulerMaruyama }));
    expect(second).toThrow("or convert it with toIto(sde)");
    // @ts-expect-error reversibleHeun is for Stratonovich equations
    expect(solve(() => sdeint(toIto(strat), f64([1]), [0, 1], { key, solver: reversibleHeun }))).toThrow(
      "toStratonovich",
    );
    // @ts-expect-error sriw1 is for Itô equations
    expect(solve(() => logqp(strat, prior, f64([1]), [0, 1], { key, solver: sriw1 }))).toThrow("toIto");
  });

  test("takes what fits: the calculus itself, either, conversions, additive noise", () => {
    const done = [
      sdeint(growth, f64([1]), [0, 1], { key, solver: eulerMaruyama }),
      sdeint(growth, f64([1]), [0, 1], { key, solver: milstein }),
      sdeint(strat, f64([1]), [0, 1], { key, solver: milstein }),
      sdeint(toStratonovich(growth), f64([1]), [0, 1], { key, solver: heunStratonovich }),
      sdeint(toIto(strat), f64([1]), [0, 1], { key, solver: sriw1 }),
      sdeint(additive, f64([1]), [0, 1], { key, solver: spark }),
      sdeint(additive, f64([1]), [0, 1], { key, solver: eulerMaruyama }),
    ];
    expect(done.map(({ status }) => status.itemSync())).toEqual(done.map(() => 0));
  });
});

import { grad, vmap } from "@dzdt/autograd";
import { compile, ops, random, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  brownian,
  eulerMaruyama,
  heun,
  heunStratonovich,
  milstein,
  type Sde,
  sdeint,
  type SdeintOptions,
  SolveError,
  sriw2,
} from "../src/index";
import { additiveRungeKutta, rosslerRungeKutta, stochasticRungeKutta } from "../src/sde";
import { f64, numbers } from "./support/numbers";

const key = random.key(1);

const growth: Sde = { drift: (_t, y) => y.mul(0.3), diffusion: (_t, y) => y.mul(0.4) };
const coupled: Sde = {
  drift: (t, y) => y.mul(-0.5).add(t.sin()),
  diffusion: (_t, y) => ops.stack([y.cos(), y.flip(0).mul(0.3)], 1),
  noise: "general",
  calculus: "stratonovich",
};

describe("sdeint says what is wrong and which solver fits", () => {
  const solve = (sde: unknown, options: unknown, y0: unknown = f64([1, 2]), ts: unknown = [0, 1]): unknown =>
    sdeint(sde as Sde, y0 as Tensor, ts as number[], options as SdeintOptions);
  const rotating: Sde = { drift: (_t, y) => y.neg(), diffusion: (_t, y) => y.flip(0) };

  test.each<[string, () => unknown, string]>([
    [
      "noise that a solver does not take",
      () => solve(coupled, { key, solver: sriw2 }),
      "sdeint: sriw2 takes diagonal or scalar noise, and this is general; use one of eulerHeun, generalShark, heunStratonovich",
    ],
    [
      "steps that cannot be counted",
      () => solve(growth, { key, maxSteps: 2 ** 31 }),
      "sdeint: maxSteps is 2147483648; give a positive integer, at most 2^30 = 1073741824",
    ],
    [
      "saves and events",
      () => solve(growth, { key, saves: {} }),
      "sdeint: there are no saves of stochastic equations; name the times in ts, at which steps end",
    ],
    [
      "another calculus",
      () => solve(growth, { key, solver: heunStratonovich }),
      "sdeint: heunStratonovich is for Stratonovich equations, and this is an equation in the sense of Itô; use one of eulerMaruyama, milstein, sriw1, sriw2, or convert it with toStratonovich(sde)",
    ],
    [
      "a diffusion of another shape",
      () => solve({ ...growth, diffusion: (_t: Tensor, y: Tensor) => ops.stack([y, y], 1) }, { key }),
      `sdeint: diffusion returned [2, 2] for a state of [2] with diagonal noise; return a tree like y, or say noise: "general"`,
    ],
    [
      "a drift of another shape",
      () => solve({ ...growth, drift: (_t: Tensor, y: Tensor) => y.sum() }, { key }),
      "sdeint: drift returned [] for a state of shape [2]; return one derivative per component of y",
    ],
    [
      "additive noise that is none",
      () => solve({ ...growth, noise: "additive" }, { key }),
      "sdeint: the diffusion depends on y, and the noise is said to be additive; say noise:",
    ],
    [
      "noise that is not diagonal",
      () => solve(rotating, { key, solver: milstein }),
      "sdeint: a component's diffusion depends on other components, so that the noise is not diagonal at y0",
    ],
    [
      "noise that does not commute",
      () => solve({ ...coupled, calculus: "ito" }, { key, solver: milstein }),
      "sdeint: the columns of the diffusion do not commute at y0",
    ],
    [
      "neither key nor path",
      () => solve(growth, {}),
      "sdeint: there is neither a key nor a path; give key: random.key(seed)",
    ],
    [
      "a path of another shape",
      () => solve(growth, { path: brownian({ key, t0: 0, t1: 1, shape: [3] }) }),
      "sdeint: path has shape [3] for diagonal noise of shape [2]; give shape: [2]",
    ],
    [
      "a path without the area",
      () => solve(growth, { path: brownian({ key, t0: 0, t1: 1, shape: [2] }), solver: sriw2 }),
      `sdeint: sriw2 needs the path's space-time Lévy area, and this path has none; give levyArea: "space-time"`,
    ],
    [
      "a path that is too short",
      () => solve(growth, { path: brownian({ key, t0: 0, t1: 0.5, shape: [2] }) }),
      "sdeint: ts go from 0 to 1, the path from 0 to 0.5; give a path that covers them",
    ],
    [
      "steps below the tolerance",
      () => solve(growth, { path: brownian({ key, t0: 0, t1: 1, shape: [2], tolerance: 0.1 }), dt: 0.01 }),
      "sdeint: steps of 0.01 are shorter than the path's tolerance 0.1; give path: brownian({ …, tolerance: 0.01 })",
    ],
    [
      "times that go back",
      () => solve(growth, { key }, undefined, [0, 1, 1]),
      "sdeint: ts[2] = 1 is not after ts[1] = 1",
    ],
    ["a step that is none", () => solve(growth, { key, dt: 0 }), "sdeint: dt is 0; give a positive length of steps"],
    [
      "too many steps",
      () => solve(growth, { key, dt: 0.01, maxSteps: 10 }),
      "sdeint: maxStepsReached at t = 0 with step 0.01 after 0 accepted and 0 rejected steps; 100 steps of this length are needed: raise maxSteps",
    ],
    [
      "an ODE solver",
      () => solve(growth, { key, solver: heun }),
      "sdeint: solver is heun, which is of another kind; give an SDE solver",
    ],
    ["an unknown option", () => solve(growth, { key, dt0: 1 }), "sdeint: unknown option dt0; did you mean dt?"],
    [
      "an unknown noise",
      () => solve({ ...growth, noise: "white" }, { key }),
      `sdeint: noise is "white"; give one of diagonal`,
    ],
    [
      "no fields",
      () => solve({}, { key }),
      "sdeint: drift is undefined and diffusion is undefined; give { drift, diffusion }",
    ],
  ])("%s", (_name, run, message) => {
    expect(run).toThrow(message);
  });

  test("milstein takes noise that does not commute if told to", () => {
    const taken = solve(
      { ...coupled, calculus: "ito" },
      { key, dt: 0.1, solver: milstein.with({ commutative: false }) },
    );
    expect(taken).toHaveProperty("ys");
  });

  test("a solve that blows up says where, or gives NaN", () => {
    const wild: Sde = { drift: (_t, y) => y.mul(y).mul(1e3), diffusion: (_t, y) => y };
    const run = (): unknown => solve(wild, { key, dt: 0.01, solver: eulerMaruyama }, f64([1, 0]), [0, 0.5, 1]);
    expect(run).toThrow(SolveError);
    expect(run).toThrow(
      /sdeint: nonFinite at t = 0\.\d+ with step 0\.0\d+ after \d+ accepted and 0 rejected steps, y\[0\] = \d/,
    );
    try {
      run();
    } catch (error) {
      const { t, h, accepted, component, solution } = error as SolveError;
      expect(t).toBeCloseTo(0.01 * accepted!, 12);
      expect(h).toBeCloseTo(0.01, 12);
      expect(component).toBe("y[0]");
      expect(numbers(solution!.ys as Tensor).slice(0, 2)).toEqual([1, 0]);
    }
    const { ys, status } = sdeint(wild, f64([1, 0]), [0, 0.5, 1], {
      key,
      dt: 0.01,
      solver: eulerMaruyama,
      throw: false,
    });
    expect(status.itemSync()).toBe(3);
    expect(numbers(ys)[0]).toBe(1);
    expect(numbers(ys)[2]).toBeNaN();
  });

  describe("as do programs, for the first of many solves that fail", () => {
    const wild: Sde = { drift: (_t, y) => y.mul(y).mul(1e3), diffusion: (_t, y) => y };
    const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
    const ways: Readonly<Record<string, readonly [SdeintOptions, number, RegExp]>> = {
      "steps of one length": [
        { dt: 0.01 },
        1,
        /^nonFinite by t = 0\.5, y\[1\] = NaN; check drift, .*says at which step\)$/,
      ],
      "steps from time to time": [{}, 1, /^nonFinite by t = \d, y\[1\] = (NaN|Infinity); check drift/],
      "too many of them": [
        { dt: 0.01, maxSteps: 99 },
        1,
        /^maxStepsReached at t = 0 with step 0\.01 after 0 accepted and 0 rejected steps; 100 steps of this length are needed: raise maxSteps/,
      ],
      "steps chosen by their errors": [
        { rtol: 1e-3 },
        1,
        /^stepUnderflow at t = 0\.\d+ with step [\d.e-]+ after \d+ accepted and \d+ rejected steps; steps got as short as the path's tolerance/,
      ],
      "too many of those": [
        { rtol: 1e-3, maxSteps: 20 },
        1,
        /^maxStepsReached at t = 0\.\d+ with step [\d.e-]+ after \d+ accepted and \d+ rejected steps; raise maxSteps/,
      ],
      "a state that is NaN at first": [{ dt: 0.01 }, NaN, /^nonFinite by t = 0, y\[1\] = NaN; check drift/],
    };

    test.each(Object.entries(ways))("%s", (_name, [options, start, expected]) => {
      const ts = "dt" in options || "rtol" in options ? [0, 0.5, 1] : range(12);
      const one = (y: Tensor): Tensor => sdeint(wild, y, ts, { key, ...options }).ys;
      const told = (run: () => unknown): string => {
        try {
          run();
        } catch (error) {
          return (error as SolveError).message;
        }
        return "nothing";
      };
      const y0 = f64([0, start]);
      const single = told(() => compile(one)(y0));
      expect(single.replace("sdeint: ", "")).toMatch(expected);
      const several = f64([
        [0, 0],
        [0, start],
        [0, start],
      ]);
      // More steps than there may be are too many for all.
      const first = "maxSteps" in options && "dt" in options ? 0 : 1;
      const many = single.replace("sdeint: ", `sdeint: trajectory ${first}: `);
      expect(told(() => vmap(one)(several))).toBe(many);
      expect(told(() => compile(vmap(one))(several))).toBe(many);
      expect(told(() => grad((y: Tensor) => vmap(one)(y).sum())(several))).toBe(many);
    });
  });

  test("tableaus that are no methods", () => {
    const traits = { name: "x", strongOrder: {}, reference: "2000", calculus: "ito" } as const;
    expect(() => stochasticRungeKutta({ ...traits, c: [0], a: [[]], b: [0.5], w: { a: [[]], b: [1] } })).toThrow(
      "stochasticRungeKutta x: b adds up to 0.5, not 1; check its weights",
    );
    expect(() => additiveRungeKutta({ ...traits, c: [0, 1], a: [[]], b: [1], w: [1], levy: [1] })).toThrow(
      "additiveRungeKutta x: c has 2 entries for 1 stages; give one for each",
    );
    expect(() => rosslerRungeKutta({ ...sriw2, a0: [[], [], [], []] })).toThrow(
      "rosslerRungeKutta sriw2: a0 has no row",
    );
  });
});

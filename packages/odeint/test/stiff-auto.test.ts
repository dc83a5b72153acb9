import { grad, jacfwd, jacrev } from "@dzdt/autograd";
import { compile, js, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { steepness, stabilityLimit } from "../src/implicit/stiffness";
import {
  auto,
  bdf,
  constant,
  dop853,
  dopri5,
  euler,
  kvaerno5,
  odeint,
  radau5,
  rk4,
  rodas5p,
  sdirk2,
  tsit5,
} from "../src/index";
import { lotkaVolterra } from "../src/testing";
import data from "./data/stiff.json";
import { tensorField, type WrittenField } from "./support/expression";
import { distance, f64, last, numbers } from "./support/numbers";

const tight = auto.with({ explicit: dop853, implicit: radau5 });
const stages = auto.with({ implicit: kvaerno5 });
const kinds = [
  { name: "tsit5 and rodas5p", solver: auto },
  { name: "dop853 and radau5", solver: tight },
  { name: "tsit5 and kvaerno5", solver: stages },
];
/** Never switches. */
const explicitOnly = auto.with({ enterAfter: 1e9 });

const vanDerPol = tensorField({ rhs: ["y[1]", "1000*(1-y[0]**2)*y[1]-y[0]"] });
const rober = data.problems.find(({ id }) => id === "rober")! as unknown as WrittenField & {
  outputs: { t: number; y: number[] }[];
};

test.each([
  [euler, 2],
  [rk4, 2.785],
  [dopri5, 3.31],
  [tsit5, 3.5],
  [dop853, 6.4],
] as const)("the interval of stability of %s is known", (solver, limit) => {
  expect(Math.abs(stabilityLimit(solver) - limit)).toBeLessThan(0.1);
});

test("the power method finds the steepest rate of a field, whatever the units of its components", () => {
  const rates = f64([-1, -1e3, -2e5]);
  const scale = [f64([1, 1e-6, 1e3])];
  let direction: Tensor[] = [f64([1, 1, 1])];
  let rate = 0;
  const y = f64([1, 1, 1]);
  for (let i = 0; i < 4; i++) {
    const near = y.add(direction[0]!.mul(scale[0]!));
    const found = steepness(
      [
        { y: [near], slope: [near.mul(rates)] },
        { y: [y], slope: [y.mul(rates)] },
      ],
      scale,
      direction,
      f64([0]),
    );
    direction = found.direction;
    rate = found.rate.itemSync();
  }
  expect(rate / 2e5).toBeCloseTo(1, 4);
});

describe.each(kinds)("$name", ({ solver }) => {
  test("solve van der Pol's problem with μ = 1000 in fewer evaluations than explicit steps would take steps", () => {
    const { ys, stats } = odeint(vanDerPol, f64([2, 0]), [0, 3000], { solver, rtol: 1e-6, atol: 1e-8 });
    const end = [-1.5106069367439916, 0.0011783800007311512];
    numbers(last(ys)).forEach((x, i) => expect(Math.abs(x / end[i]! - 1)).toBeLessThan(1e-4));
    expect(stats.steps.itemSync()).toBeLessThan(2000);
  });

  test("solve Robertson's problem to its tolerance, dense output included", () => {
    const times = rober.outputs.slice(0, 6);
    const { ys, stats } = odeint(tensorField(rober), f64([1, 0, 0]), [0, ...times.map(({ t }) => t)], {
      solver,
      rtol: 1e-6,
      atol: 1e-12,
    });
    expect(stats.steps.itemSync()).toBeLessThan(500);
    times.forEach(({ y }, k) =>
      numbers(ys.slice([k + 1], [k + 2])).forEach((x, i) => expect(Math.abs(x / y[i]! - 1)).toBeLessThan(1e-4)),
    );
  });

  test("has gradients that agree forward, in reverse, compiled and with differences, over a switch", () => {
    // Relaxes slowly at first, and then fast.
    const field = (t: Tensor, y: Tensor, p: Tensor): Tensor =>
      p.mul(t.mul(t).mul(300).add(1)).mul(y.sub(t.cos())).neg().add(y.mul(y).mul(0.1));
    const run = (p: Tensor, rtol = 1e-7): Tensor =>
      odeint(field, f64([2]), [0, 1, 3], { solver, rtol, atol: rtol, args: p })
        .ys.slice([1], [3])
        .reshape([2]);
    const at = f64([1.5]);
    const forward = numbers(jacfwd((p: Tensor) => run(p))(at));
    const tolerance = 1e-9 * Math.max(...forward.map(Math.abs)) + 1e-13;
    expect(distance(numbers(jacrev((p: Tensor) => run(p))(at)), forward)).toBeLessThan(tolerance);
    expect(distance(numbers(compile((p: Tensor) => jacrev((q: Tensor) => run(q))(p))(at)), forward)).toBeLessThan(
      tolerance,
    );
    const [up, down] = [1.5 + 1e-3, 1.5 - 1e-3].map((p) => numbers(run(f64([p]), 1e-11)));
    forward.forEach((x, i) => {
      const expected = (up![i]! - down![i]!) / 2e-3;
      expect(Math.abs(x - expected)).toBeLessThan(1e-4 * Math.abs(expected) + 1e-7);
    });
  });
});

describe("the choice", () => {
  test.each([1e-3, 1e-6, 1e-9])(
    "is always explicit for Lotka's and Volterra's at %f: the steps are the same as if there were no other",
    (tol) => {
      const { field, y0, solution, t0, t1 } = lotkaVolterra;
      const run = (solver: typeof auto) => odeint(field, f64(y0), [t0, t1], { solver, rtol: tol, atol: tol });
      const [own, never] = [run(auto), run(explicitOnly)];
      expect(numbers(own.ys)).toEqual(numbers(never.ys));
      // 6 for each attempt, 1 to begin and 1 to find the first step.
      expect(own.stats.evaluations.itemSync()).toBe(6 * own.stats.steps.itemSync() + 2);
      expect(distance(numbers(last(own.ys)), solution)).toBeLessThan(100 * tol);
    },
  );

  test("is implicit where the problem is stiff: explicit steps alone would be very many", () => {
    const run = (solver: typeof auto): number =>
      odeint(tensorField(rober), f64([1, 0, 0]), [0, 40], { solver, rtol: 1e-6, atol: 1e-10 }).stats.steps.itemSync();
    expect(run(explicitOnly)).toBeGreaterThan(50 * run(auto));
  });

  test("goes back to explicit steps when stiffness ends", () => {
    // Stiff until t = 5, then oscillating.
    const field = (t: Tensor, y: Tensor): Tensor => {
      const rate = t.sub(5).mul(8).neg().sigmoid().mul(2000);
      const [a, b] = [y.slice([0], [1]), y.slice([1], [2])];
      return a
        .sub(1)
        .mul(rate)
        .neg()
        .add(b.mul(4))
        .mul(f64([1, 0]))
        .add(a.mul(-4).mul(f64([0, 1])));
    };
    const run = (solver: typeof auto | typeof rodas5p, t: number) =>
      odeint(field, f64([2, 0]), [0, t], { solver, rtol: 1e-6, atol: 1e-8 });
    // Steps of tsit5 cost 6 evaluations, of rodas5p 9 with that for the rate.
    const [early, whole] = [run(auto, 9), run(auto, 30)];
    const steps = whole.stats.steps.itemSync() - early.stats.steps.itemSync();
    const evaluations = whole.stats.evaluations.itemSync() - early.stats.evaluations.itemSync();
    expect(evaluations / steps).toBeLessThan(6.2);
    expect(distance(numbers(last(whole.ys)), numbers(last(run(rodas5p, 30).ys)))).toBeLessThan(1e-3);
  });
});

test("values are the same on the plain target, and compiled", () => {
  const short = (): number[] =>
    numbers(odeint(vanDerPol, f64([2, 0]), [0, 0.02, 0.1], { solver: auto, rtol: 1e-4, atol: 1e-6 }).ys);
  const here = withTarget(wasm(), short);
  expect(distance(withTarget(js(), short), here)).toBeLessThan(1e-11);
  const run = compile((y: Tensor) => odeint(vanDerPol, y, [0, 0.02, 0.1], { solver: auto, rtol: 1e-4, atol: 1e-6 }).ys);
  expect(distance(numbers(run(f64([2, 0]))), here)).toBeLessThan(1e-12);
});

test("steps of given lengths are explicit or implicit as the field wants", () => {
  const field = (t: Tensor, y: Tensor): Tensor => y.sub(t.cos()).mul(-1e3);
  const { ys } = odeint(field, f64([1]), [0, 2], { solver: auto, controller: constant({ dt: 1 / 400 }) });
  expect(Math.abs(numbers(ys)[1]! - (1e6 * Math.cos(2) + 1e3 * Math.sin(2)) / (1e6 + 1))).toBeLessThan(1e-6);
  const gentle = odeint((_t, y: Tensor) => y.neg(), f64([1]), [0, 1], {
    solver: auto,
    controller: constant({ dt: 1 / 16 }),
  });
  const own = odeint((_t, y: Tensor) => y.neg(), f64([1]), [0, 1], {
    solver: tsit5,
    controller: constant({ dt: 1 / 16 }),
  });
  expect(distance(numbers(gentle.ys), numbers(own.ys))).toBeLessThan(1e-15);
});

test("gradients of states flow through either method", () => {
  const of = (y: Tensor): Tensor => odeint(vanDerPol, y, [0, 1], { solver: auto, rtol: 1e-6, atol: 1e-8 }).ys.sum();
  const found = numbers(grad(of)(f64([2, 0])));
  const reference = numbers(
    grad((y: Tensor) => odeint(vanDerPol, y, [0, 1], { solver: radau5, rtol: 1e-9, atol: 1e-11 }).ys.sum())(
      f64([2, 0]),
    ),
  );
  found.forEach((x, i) => expect(Math.abs(x / reference[i]! - 1)).toBeLessThan(1e-4));
});

test("both solvers must estimate errors, and limits be in order", () => {
  expect(() => auto.with({ explicit: rk4 })).toThrow(
    /auto: explicit is rk4; give an explicit solver with an error estimate/,
  );
  expect(() => auto.with({ implicit: sdirk2 })).toThrow(/auto: implicit is sdirk2/);
  expect(() => auto.with({ stiff: radau5 } as never)).toThrow(/auto.with: unknown option stiff/);
  expect(() => auto.with({ implicit: bdf as never })).toThrow(/auto: implicit is bdf; give a one-step implicit solver/);
  expect(() => auto.with({ explicit: rodas5p as never })).toThrow(/auto: explicit is rodas5p/);
  expect(() => auto.with({ leave: 0.9 })).toThrow(/leave is 0.9 and enter 0.5/);
});

import { compile, concat, fori, js, tensor, type Tensor, where, zeros } from "@dzdt/tensor";
import { grad, vmap } from "@dzdt/autograd";
import { describe, expect, test } from "vitest";
import {
  auto,
  bosh3,
  dop853,
  dopri5,
  heun,
  odeint,
  type OdeintOptions,
  odex,
  pid,
  ralston,
  rk4,
  rodas5p,
  SolveError,
  Status,
  tsit5,
} from "./index";
import { f64, message, numbers } from "../test/support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const pendulum = (_t: Tensor, y: Tensor): Tensor => {
  const [angle, speed] = y.split(2) as [Tensor, Tensor];
  return concat([speed, angle.sin().neg()]);
};

const adaptive = { heun, ralston, bosh3, dopri5, tsit5, dop853 };
const estimating = Object.values(adaptive).filter((solver) => solver.bError !== undefined);

describe("adaptive solvers", () => {
  test.each(estimating)("$name meets its tolerance on y' = −y", (solver) => {
    const { ys, status, stats } = odeint(decay, f64([1, 2]), [0, 0.3, 1, 2], { solver, rtol: 1e-8, atol: 1e-10 });
    expect(status.itemSync()).toBe(Status.success);
    numbers(ys).forEach((y, k) =>
      expect(Math.abs(y - (1 + (k % 2)) * Math.exp(-[0, 0.3, 1, 2][k >> 1]!))).toBeLessThan(2e-6),
    );
    const [, last] = [ys.slice([0], [3]), numbers(ys.slice([3], [4]))];
    expect(Math.abs(last[0]! - Math.exp(-2))).toBeLessThan(1e-8);
    expect(stats.accepted.itemSync() + stats.rejected.itemSync()).toBe(stats.steps.itemSync());
  });

  test("output times change no step, and rows are bitwise the same however many there are", () => {
    for (const solver of [tsit5, dop853, bosh3]) {
      const two = odeint(pendulum, f64([1, 0]), [0, 7], { solver });
      const many = odeint(
        pendulum,
        f64([1, 0]),
        Array.from({ length: 101 }, (_, i) => (7 * i) / 100),
        { solver },
      );
      expect(many.stats.steps.itemSync()).toBe(two.stats.steps.itemSync());
      expect(numbers(many.ys.slice([100], [101]))).toEqual(numbers(two.ys.slice([1], [2])));
      expect(numbers(two.at((7 * 43) / 100))).toEqual(numbers(many.ys.slice([43], [44])));
      expect(numbers(two.at([7, 0, 3.5]))).toEqual([
        ...numbers(two.ys.slice([1], [2])),
        1,
        0,
        ...numbers(many.ys.slice([50], [51])),
      ]);
    }
  });

  test("decreasing times undo increasing ones", () => {
    const there = odeint(pendulum, f64([1, 0]), [0, 5], { rtol: 1e-10, atol: 1e-12 });
    const back = odeint(pendulum, there.ys.slice([1], [2]).reshape([2]), [5, 2, 0], { rtol: 1e-10, atol: 1e-12 });
    const [angle, speed] = numbers(back.ys.slice([2], [3]));
    expect(Math.abs(angle! - 1)).toBeLessThan(1e-8);
    expect(Math.abs(speed!)).toBeLessThan(1e-8);
    numbers(back.at(2)).forEach((y, k) => expect(y).toBeCloseTo(numbers(there.at(2))[k]!, 7));
  });

  test("a trial step into NaN is rejected, and leaves the gradient finite", () => {
    // y = (√y₀ − 3t/2)², and a first step that lands where the root is not defined.
    const field = (_t: Tensor, y: Tensor): Tensor => y.sqrt().mul(-3);
    const run = (y0: Tensor): ReturnType<typeof odeint<Tensor>> => odeint(field, y0, [0, 0.6], { dt0: 0.6 });
    const { ys, stats } = run(f64([1, 2]));
    expect(stats.rejected.itemSync()).toBeGreaterThan(0);
    numbers(ys.slice([1], [2])).forEach((y, k) => expect(y).toBeCloseTo((Math.sqrt(1 + k) - 0.9) ** 2, 6));
    const slopes = numbers(grad((y0: Tensor) => run(y0).ys.slice([1], [2]).sum())(f64([1, 2])));
    slopes.forEach((slope, k) => expect(slope).toBeCloseTo((Math.sqrt(1 + k) - 0.9) / Math.sqrt(1 + k), 5));
  });

  test("tolerances may be trees and tensors, and the controller's win", () => {
    const y0 = { a: f64([1]), b: f64([1]) };
    const field = (_t: Tensor, y: typeof y0): typeof y0 => ({ a: y.a.neg(), b: y.b.mul(-30) });
    const steps = (options: OdeintOptions): number => odeint(field, y0, [0, 1], options).stats.steps.itemSync();
    const loose = steps({ rtol: 1e-9, atol: { a: 1e-9, b: f64([1]) } });
    expect(loose).toBeLessThan(steps({ rtol: 1e-9, atol: 1e-9 }));
    expect(steps({ rtol: 1e-3, controller: pid({ rtol: 1e-9 }) })).toBe(steps({ rtol: 1e-9 }));
  });

  test("norms other than rms are taken", () => {
    const steps = (norm: "rms" | "max" | ((x: never) => Tensor)): number =>
      odeint(pendulum, f64([1, 0]), [0, 5], { controller: pid({ norm: norm as "rms" }) }).stats.steps.itemSync();
    expect(steps("max")).toBeGreaterThanOrEqual(steps("rms"));
    expect(steps((x: Tensor) => x.mul(x).mean().sqrt())).toBe(steps("rms"));
    expect(() => steps((x: Tensor) => x.abs())).toThrow("pid: norm returned shape [2]; return one number");
  });

  test.each([tsit5, dop853, rodas5p, odex, auto])(
    "a norm that passes over a component hides no NaN from $name",
    (solver) => {
      const field = (t: Tensor, { q, p }: { q: Tensor; p: Tensor }) => ({ q: q.neg(), p: where(t.less(0.5), p, NaN) });
      const controller = pid({ norm: ((y: { q: Tensor }) => y.q.abs()) as never });
      expect(() => odeint(field, { q: f64(1), p: f64(1) }, [0, 1], { solver, controller })).toThrow(
        /stepUnderflow at t = 0\.(5|49)/,
      );
    },
  );

  test("no step is shorter than dtMin, and where that is too long the solve ends and says so", () => {
    const controller = pid({ dtMin: 1e-3 });
    expect(() => odeint((_t, y: Tensor) => y.mul(y), f64([1]), [0, 2], { controller })).toThrow(
      /^odeint: stepUnderflow at t = 0\.9.*; steps may be no shorter than dtMin = 0\.001: lower it; else the/,
    );
    const lengths: number[] = [];
    const swing = (t: Tensor, y: Tensor): Tensor => y.mul(t.mul(9).sin());
    const loose = { rtol: 1e-2, atol: 1e-2, controller: pid({ dtMin: 0.3 }) };
    odeint(swing, f64([1]), [0, 2], { ...loose, onStep: ({ h }) => void lengths.push(h) });
    expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThanOrEqual(0.3);
  });
});

describe("states", () => {
  test("are trees of any shapes and keep their dtypes", () => {
    const y0 = {
      a: tensor([
        [1, 2],
        [3, 4],
      ]),
      b: [f64(1)],
    };
    const { ys, ts } = odeint((t, y) => ({ a: y.a.neg(), b: [y.b[0]!.mul(t.cos())] }), y0, [0, 1, 2]);
    expect([ys.a.dtype, ys.a.shape, ys.b[0]!.dtype, ys.b[0]!.shape, ts.dtype]).toEqual([
      "float32",
      [3, 2, 2],
      "float64",
      [3],
      "float64",
    ]);
    expect(numbers(ys.b[0]!)[2]).toBeCloseTo(Math.exp(Math.sin(2)), 3);
  });

  test("in float32 see time in float32 and converge", () => {
    const { ys, status } = odeint((t: Tensor, y: Tensor) => y.mul(t), tensor([1]), [0, 1]);
    expect(status.itemSync()).toBe(0);
    expect(ys.dtype).toBe("float32");
    expect(numbers(ys)[1]).toBeCloseTo(Math.exp(0.5), 3);
  });

  test("may be empty, or have empty leaves", () => {
    for (const norm of ["rms", "max"] as const) {
      const controller = pid({ norm });
      const none = odeint(decay, zeros([0]), [0, 1], { controller });
      expect([none.status.itemSync(), none.ys.shape]).toEqual([Status.success, [2, 0]]);
      const y0 = { a: zeros([0]), b: f64(1) };
      const { status, ys } = odeint((_t, { a, b }) => ({ a, b: b.neg() }), y0, [0, 1], { controller });
      expect(status.itemSync()).toBe(Status.success);
      expect(numbers(ys.b)[1]).toBeCloseTo(Math.exp(-1), 3);
    }
  });

  test("are solved on their own target, whatever the default", () => {
    const { ys } = odeint((t: Tensor, y: Tensor) => y.mul(-2).add(t.mul(0)), tensor([1], { target: js() }), [0, 1]);
    expect(ys.target).toBe(js());
    expect(numbers(ys)[1]).toBeCloseTo(Math.exp(-2), 3);
  });

  test("at one time only are y0", () => {
    const { ys, stats, at } = odeint(decay, f64([1, 2]), [3]);
    expect(numbers(ys)).toEqual([1, 2]);
    expect(stats.steps.itemSync()).toBe(0);
    expect(numbers(at(3))).toEqual([1, 2]);
  });
});

describe("trajectories", () => {
  const field = (t: Tensor, y: Tensor): Tensor => y.mul(y).neg().add(t);
  const rows = [
    [1, 2],
    [30, 4],
    [0.1, 0.2],
  ];
  test.each([[[0, 1]], [[0, 0.5, 0.7, 1]]])("that are independent are each solved as if alone (%j)", (ts) => {
    const all = odeint(field, f64(rows), ts, { batch: "independent" });
    const mapped = vmap((y: Tensor) => odeint(field, y, ts))(f64(rows));
    expect(all.ys.shape).toEqual([ts.length, 3, 2]);
    rows.forEach((row, k) => {
      const alone = odeint(field, f64(row), ts);
      expect(numbers(all.ys.slice([0, k], [ts.length, k + 1]))).toEqual(numbers(alone.ys));
      expect(numbers(mapped.ys.slice([k], [k + 1]))).toEqual(numbers(alone.ys));
      for (const name of ["steps", "accepted", "rejected", "evaluations"] as const) {
        expect(numbers(all.stats[name])[k]).toBe(alone.stats[name].itemSync());
        if (name !== "evaluations") expect(numbers(mapped.stats[name])[k]).toBe(alone.stats[name].itemSync());
      }
    });
    expect(numbers(all.at(0.6))).toEqual(rows.flatMap((row) => numbers(odeint(field, f64(row), ts).at(0.6))));
  });

  test("that fail are told apart", () => {
    const solve = odeint((_t: Tensor, y: Tensor) => y.mul(y), f64([[0.1], [1]]), [0, 2], {
      batch: "independent",
      throw: false,
    });
    expect(numbers(solve.status)).toEqual([Status.success, Status.stepUnderflow]);
    const text = message(() =>
      odeint((_t: Tensor, y: Tensor) => y.mul(y), f64([[0.1], [1]]), [0, 2], { batch: "independent" }),
    );
    expect(text).toMatch(/^odeint: trajectory 1: stepUnderflow at t = 1\.0/);
  });
});

describe("failures", () => {
  const square = (_t: Tensor, y: Tensor): Tensor => y.mul(y);
  test("end with a status, the rows that were reached, and NaN in the others", () => {
    const { status, ys } = odeint(square, f64([1]), [0, 0.5, 2], { throw: false });
    expect(status.itemSync()).toBe(Status.stepUnderflow);
    const [, mid, end] = numbers(ys);
    expect(mid).toBeCloseTo(2, 4);
    expect(end).toBeNaN();
  });

  test("throw an error that says where and what to do", () => {
    expect(message(() => odeint(square, f64([1]), [0, 2]))).toMatch(
      /stepUnderflow at t = 1\.0.* y\[0\] = .*; the solution may be singular there/,
    );
    expect(message(() => odeint(decay, f64([1]), [0, 5], { maxSteps: 3 }))).toMatch(
      /maxStepsReached .*after 3 accepted.*raise maxSteps/,
    );
    expect(message(() => odeint(square, f64([1]), [0, 5], { solver: rk4, dt0: 0.1 }))).toMatch(/nonFinite/);
    expect(message(() => odeint((_t: Tensor, y: Tensor) => y.neg().sqrt(), f64([1]), [0, 5]))).toMatch(
      /nonFinite at t = 0/,
    );
    const late = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(t.neg().add(1).sqrt());
    // Whether a step ends at 1 to the last digit, where the field still has a value, is a matter of rounding.
    expect(message(() => odeint(late, f64([1]), [0, 5]))).toMatch(/stepUnderflow at t = (0\.9{6}\d*|1) /);
    try {
      odeint(square, f64([1]), [0, 2]);
    } catch (error) {
      expect(error).toBeInstanceOf(SolveError);
      expect((error as SolveError).status).toBe("stepUnderflow");
    }
  });

  test.each<[RegExp, () => unknown]>([
    [/unknown option rtl; did you mean rtol\?/, () => odeint(decay, f64([1]), [0, 1], { rtl: 1 } as never)],
    [/ts\[2\] = 4 is not after ts\[1\] = 5/, () => odeint(decay, f64([1]), [0, 5, 4])],
    [/ts\[1\] is NaN/, () => odeint(decay, f64([1]), [0, NaN])],
    [/ts is empty/, () => odeint(decay, f64([1]), [])],
    [/begins and ends at 1/, () => odeint(decay, f64([1]), [1, 1])],
    [/dt0 is -0.1; give a positive step/, () => odeint(decay, f64([1]), [1, 0], { dt0: -0.1 })],
    [/rtol is -1; give a number that is 0 or positive/, () => odeint(decay, f64([1]), [0, 1], { rtol: -1 })],
    [/maxSteps is 0.5/, () => odeint(decay, f64([1]), [0, 1], { maxSteps: 0.5 })],
    [
      /odeint: maxSteps is 2147483648; give a positive integer, at most 2\^30 = 1073741824/,
      () => odeint(decay, f64([1]), [0, 1], { maxSteps: 2 ** 31 }),
    ],
    [/solver is rk4/, () => odeint(decay, f64([1]), [0, 1], { solver: "rk4" as never })],
    [/rk4 has no error estimate and there is no dt0/, () => odeint(decay, f64([1]), [0, 1], { solver: rk4 })],
    [/y0 is int32/, () => odeint(decay, tensor([1], { dtype: "int32" }), [0, 1])],
    [
      /vector field returned \[\] for a state of shape \[2\]; return one derivative per component of y/,
      () => odeint((_t, y: Tensor) => y.sum(), f64([1, 2]), [0, 1]),
    ],
    [/returned float64 for a float32 state/, () => odeint((_t, y: Tensor) => y.mul(f64(1)), tensor([1, 2]), [0, 1])],
    [/outside the solve's \[0, 1\]/, () => odeint(decay, f64([1]), [0, 1]).at(2)],
    [/pid: safety is 2/, () => pid({ safety: 2 })],
  ])("of options: %s", (expected, fn) => expect(message(fn)).toMatch(expected));
});

test("times that are known only at run time and lie outside give NaN, never another number", () => {
  const at = compile((t: Tensor) => odeint(decay, f64([1]), [0, 1]).at(t));
  expect(numbers(at(f64([-1, 0.5, 2]))).map(Number.isNaN)).toEqual([true, false, true]);
  const solve = compile((ts: Tensor) => {
    const { ys, status } = odeint(decay, f64([1]), ts, { maxSteps: 50, throw: false });
    return { ys, status };
  });
  for (const ts of [
    [0, -1, 1],
    [0, 1, 0.5],
  ]) {
    const { ys, status } = solve(f64(ts));
    expect(numbers(ys).map(Number.isNaN)).toEqual([false, true, true]);
    expect(status.itemSync()).toBe(Status.nonFinite);
  }
});

test("compiled functions return solutions", () => {
  const run = compile((y: Tensor, t1: Tensor) => odeint(pendulum, y, [0, 1, t1]));
  const eager = odeint(pendulum, f64([1, 0]), [0, 1, 3]);
  const compiled = run(f64([1, 0]), f64(3));
  expect(numbers(compiled.ys)).toEqual(numbers(eager.ys));
  expect(compiled.stats.steps.itemSync()).toBe(eager.stats.steps.itemSync());
});

test("a failed solve throws wherever its program runs: in grad, compile, vmap and loops", () => {
  const end = (x: Tensor): Tensor => odeint((_t, y: Tensor) => y.square(), x, [0, 2]).ys.sum();
  const x = tensor(1, { dtype: "float64" });
  const text =
    /^odeint: stepUnderflow at t = 1\.0\d+ with step \S+ after \d+ accepted and \d+ rejected steps, y = .*; /;
  for (const call of [grad(end), compile(end), compile(grad(end)), grad(compile(end))])
    expect(() => call(x)).toThrow(text);
  expect(() => vmap(end)(tensor([0.1, 1], { dtype: "float64" }))).toThrow(
    /^odeint: trajectory 1: stepUnderflow at t = 1/,
  );
  expect(() => fori(2, (_i, c: Tensor) => end(c), x)).toThrow(text);
  expect(vmap(end)(tensor([0.1, 0.2], { dtype: "float64" })).size).toBe(2);
  const quiet = (y0: Tensor): Tensor => odeint((_t, y: Tensor) => y.square(), y0, [0, 2], { throw: false }).ys;
  expect(compile(quiet)(x).arraySync()).toEqual([1, NaN]);
});

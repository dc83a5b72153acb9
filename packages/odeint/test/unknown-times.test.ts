import { vmap } from "@dzdt/autograd";
import { compile, js, random, type Target, tensor, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bdf,
  brownian,
  constant,
  ddeint,
  eulerMaruyama,
  integrator,
  milstein,
  odeint,
  type OdeintOptions,
  rk4,
  rodas5p,
  saveAt,
  type Sde,
  sdeint,
  type Solution,
  Status,
  type Times,
  tsit5,
} from "../src/index";
import { close, f64, message, numbers } from "./support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const y0 = f64([1, 2]);
const ways: readonly OdeintOptions[] = [
  { solver: tsit5 },
  { solver: rk4, dt0: 0.1 },
  { solver: rk4, controller: constant() },
  { solver: rodas5p },
  { solver: bdf },
];

const solved = (ts: Tensor, options: OdeintOptions): Solution<Tensor> => odeint(decay, y0, ts, options);
const wrong = [
  [0, 2, 1],
  [0, 1, 0.5, 2],
  [0, -1, 1],
  [0, 1, 0],
  [0, 0.5, NaN, 1],
  [NaN, 1],
  [0, Infinity],
  [0, NaN],
];

describe("times that are known only when a program runs", () => {
  test.each(wrong.map((ts) => [ts] as const))("%j are refused", (ts) => {
    for (const options of ways) {
      const run = compile((times: Tensor) => solved(times, options).ys);
      expect(() => run(f64(ts))).toThrow("odeint: ts, known only when the program runs, turn back; give finite times");
      const { ys, status } = compile((times: Tensor) => solved(times, { ...options, throw: false }))(f64(ts));
      expect(status.itemSync()).toBe(Status.nonFinite);
      expect(numbers(ys).slice(2).every(Number.isNaN)).toBe(true);
    }
  });

  test("are refused for those trajectories of a vmap that they are wrong for", () => {
    const each = f64([
      [0, 0.5, 1],
      [0, 1, 0.5],
      [1, 0.5, 0],
    ]);
    for (const target of [js(), wasm()])
      withTarget(target, () => {
        const { ys, status } = vmap((ts: Tensor) => solved(ts, { throw: false }))(each);
        expect(numbers(status)).toEqual([Status.success, Status.nonFinite, Status.success]);
        close(
          numbers(ys).slice(2, 6),
          [0.5, 1].flatMap((t) => [Math.exp(-t), 2 * Math.exp(-t)]),
          1e-6,
        );
        close(
          numbers(ys).slice(-4),
          [0.5, 1].flatMap((t) => [Math.exp(t), 2 * Math.exp(t)]),
          1e-5,
        );
        expect(() => vmap((ts: Tensor) => solved(ts, {}).ys)(each)).toThrow("turn back");
      });
  });

  test("give what known ones give, or else fail as these do", () => {
    const time = fc.integer({ min: -4, max: 4 }).map((n) => n / 4);
    for (const options of ways) {
      const run = compile((ts: Tensor) => solved(ts, { ...options, throw: false }));
      fc.assert(
        fc.property(fc.array(time, { minLength: 4, maxLength: 4 }), (ts) => {
          const { ys, status } = run(f64(ts));
          const refused = message(() => odeint(decay, y0, ts, options)) !== "no error";
          const turns = [1, -1].every((way) => ts.some((t, j) => j > 0 && way * (t - ts[j - 1]!) < 0));
          expect(status.itemSync()).toBe(turns ? Status.nonFinite : Status.success);
          if (turns) expect(refused).toBe(true);
          if (!refused) expect(numbers(ys)).toEqual(numbers(odeint(decay, y0, ts, options).ys));
          // Times that are equal have one state.
          if (!turns)
            ts.forEach((t, j) => {
              if (t === ts[j - 1])
                expect(numbers(ys).slice(2 * j, 2 * j + 2)).toEqual(numbers(ys).slice(2 * j - 2, 2 * j));
            });
        }),
        { numRuns: 60 },
      );
    }
  });

  test("and lie outside of the solve have states that are NaN, with steps of any kind, and leave the others as they are", () => {
    for (const options of ways)
      for (const ts of [
        [0, 1],
        [1, 0],
      ]) {
        const at = compile((t: Tensor) => odeint(decay, y0, ts, options).at(t));
        const inside = numbers(at(f64([0.5, 0.25, 0.75, 0.5])));
        expect(inside.every(Number.isFinite)).toBe(true);
        const found = numbers(at(f64([-0.5, 0.25, 2, NaN])));
        expect(found.slice(2, 4)).toEqual(inside.slice(2, 4));
        expect([...found.slice(0, 2), ...found.slice(4)].every(Number.isNaN)).toBe(true);
      }
    for (const at of [
      compile((t: Tensor) => odeint(decay, y0, [1]).at(t)),
      (t: Tensor) => compile((t: Tensor, ts: Tensor) => odeint(decay, y0, ts).at(t))(t, f64([1, 1])),
    ])
      expect(numbers(at(f64([2, 1, 0])))).toEqual([NaN, NaN, 1, 2, NaN, NaN]);
  });

  test("leave what is saved outside of the solve NaN, though it is known when", () => {
    for (const options of ways) {
      const run = compile((ts: Tensor) => {
        const { ys, saves } = odeint(decay, f64(1), ts, { ...options, saves: { some: saveAt({ ts: [-1, 0.5, 2] }) } });
        return { ys, ...saves.some };
      });
      const { ys, t, y, count } = run(f64([0, 1]));
      expect(numbers(ys).every(Number.isFinite)).toBe(true);
      expect(numbers(t)).toEqual([NaN, 0.5, NaN]);
      expect(numbers(y).map(Number.isFinite)).toEqual([false, true, false]);
      expect(count.itemSync()).toBe(1);
    }
  });

  test("are found where floats are single, given as tensors or as numbers", () => {
    const single: Target = { ...js(), name: "single", supports: (dtype) => dtype !== "float64" };
    withTarget(single, () => {
      const at = (ts: Times, t: Times): Tensor => odeint(decay, tensor([1]), ts).at(t);
      const [ends, t, within] = [tensor([0, 1]), tensor([0.5, 0.25]), [0.5, 0.25].map((t) => Math.exp(-t))];
      for (const found of [at([0, 1], t), at(ends, t), at(ends, [0.5, 0.25])]) close(found, within, 1e-5);
      close(compile((s: Tensor) => at([0, 1], s))(t), within, 1e-5);
      close(compile((s: Tensor) => at(s, [0.5, 0.25]))(ends), within, 1e-5);
      expect(numbers(compile((s: Tensor) => at([0, 1], s))(tensor([-1, 2])))).toEqual([NaN, NaN]);
    });
  });

  test("go forwards in equations with delays and with noise", () => {
    const late = (ts: Tensor): Tensor =>
      ddeint((_t, _y: Tensor, [past]) => past!.neg(), y0, y0, ts, { delays: [0.5] }).ys;
    const growth: Sde = { drift: (_t, y) => y.mul(0.3), diffusion: (_t, y) => y.mul(0.4) };
    const path = brownian({ key: random.key(1), t0: 0, t1: 1, shape: [2] });
    const noisy = [{ solver: eulerMaruyama, dt: 0.1 }, { solver: eulerMaruyama }, { solver: milstein, rtol: 1e-2 }].map(
      (options) => (ts: Tensor) => sdeint(growth, y0, ts, { path, ...options }).ys,
    );
    for (const run of [late, ...noisy]) {
      const program = compile(run);
      expect(numbers(program(f64([0, 0.5, 1]))).every(Number.isFinite)).toBe(true);
      for (const ts of [
        [1, 0.5, 0],
        [0, 1, 0.5],
        [0, NaN, 1],
      ])
        expect(() => program(f64(ts))).toThrow(
          /^(dde|sde)int: ts, known only when the program runs, do not increase; /,
        );
    }
  });
});

describe("a length of steps that is a tensor", () => {
  const growth: Sde = { drift: (_t, y) => y, diffusion: (_t, y) => y };
  const users: readonly [string, (dt: Tensor) => Tensor][] = [
    ["odeint: dt0", (dt0) => odeint(decay, y0, [0, 1], { solver: rk4, dt0 }).ys],
    ["odeint: dt0", (dt0) => odeint(decay, y0, [0, 1], { dt0 }).ys],
    ["constant: dt", (dt) => odeint(decay, y0, [0, 1], { controller: constant({ dt }) }).ys],
    ["sdeint: dt", (dt) => sdeint(growth, y0, [0, 1], { key: random.key(1), solver: eulerMaruyama, dt }).ys],
  ];

  test.each(users)("is a positive scalar: %s", (name, run) => {
    for (const dt of [-0.1, 0, NaN, Infinity]) expect(() => run(f64(dt))).toThrow(`${name} is ${dt}; give a positive`);
    expect(() => run(f64([0.1, 0.2]))).toThrow(`${name} has shape [2]; give a number or a scalar tensor`);
    expect(() => run("0.1" as unknown as Tensor)).toThrow(`${name} is 0.1; give a number or a scalar tensor`);
    const program = compile(run);
    expect(numbers(program(f64(0.1)))).toEqual(numbers(run(f64(0.1))));
    for (const dt of [-0.1, 0, NaN, Infinity])
      expect(() => program(f64(dt))).toThrow(/(maxStepsReached|stepUnderflow) (at t = 0 |in a solve)/);
  });

  test("of an integrator, too", () => {
    expect(() => integrator(decay, y0, 0, { solver: rk4, dt0: f64(-0.1) })).toThrow(
      "dt0 is -0.1; give a positive step",
    );
  });
});

import { grad, jacfwd } from "@dzdt/autograd";
import { compile, concat, js, random, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bosh3,
  constant,
  dop853,
  dopri5,
  euler,
  leapfrog,
  makeReversible,
  midpoint,
  odeint,
  reversibleHeun,
  type ReversibleSolver,
  rk4,
  sdeint,
  tsit5,
} from "../src/index";
import { nonautonomousStages, observedOrder, pendulum } from "../src/testing";
import { distance, f64, numbers } from "./support/numbers";
import { roundTrip } from "./support/round-trip";

const end = (x: Tensor): Tensor => x.slice([x.shape[0]! - 1], [x.shape[0]!]).reshape(x.shape.slice(1));
const wrapped = [makeReversible(midpoint), makeReversible(bosh3), makeReversible(rk4), makeReversible(tsit5)];
const solvers = [reversibleHeun, ...wrapped];

/** A damped pendulum that is driven. */
const field = (t: Tensor, y: Tensor, w?: Tensor): Tensor => {
  const [q, p] = [y.slice([0], [1]), y.slice([1], [2])];
  const push = t.mul(2).cos();
  return concat([
    p,
    q
      .sin()
      .neg()
      .sub(p.mul(0.1))
      .add(w ? push.mul(w) : push),
  ]);
};
const y0 = [1, 0.5];

describe.each(solvers)("$name", (solver) => {
  test.each([nonautonomousStages, pendulum])("converges at its order on $name", ({ field: f, ...problem }) => {
    const { t0, t1, solution } = problem;
    // With hardly any coupling the order shows only in very small steps: before, that of a symmetric method, which is even.
    const by = "coupling" in solver ? solver.with({ coupling: 0.8 }) : solver;
    const error = (steps: number): number => {
      const options = { solver: by, controller: constant({ dt: (t1 - t0) / steps }) };
      return distance(numbers(end(odeint(f, f64(problem.y0), [t0, t1], options).ys)), solution);
    };
    const { order, limit, errors } = observedOrder(error, {
      from: 16,
      upTo: 16384,
      ratio: solver.order > 4 ? Math.SQRT2 : 2,
      window: [solver.order > 2 ? 1e-12 : 1e-8, 1e-3],
    });
    const off = Math.min(Math.abs(order - solver.order), Math.abs(limit - solver.order));
    expect(off, `order ${order}, ${limit} in the limit, errors ${errors.join(", ")}`).toBeLessThan(0.15);
  });

  test("comes back from 1000 steps", () => {
    const { there, back } = roundTrip(solver, field, f64(y0), { h: 1 / 64, steps: 1000 });
    expect(distance(there, y0)).toBeGreaterThan(0.1);
    expect(distance(back, y0)).toBeLessThan(1e-12);
  });

  test("comes back on random quadratic fields", () => {
    const entry = fc.integer({ min: -8, max: 8 }).map((n) => n / 16);
    fc.assert(
      fc.property(fc.array(entry, { minLength: 6, maxLength: 6 }), ([a, b, c, d, e, g]) => {
        const random = (t: Tensor, y: Tensor): Tensor => {
          const [u, v] = [y.slice([0], [1]), y.slice([1], [2])];
          return concat([
            u
              .mul(a!)
              .add(v.mul(b!))
              .add(u.mul(v).mul(c! / 4)),
            u
              .mul(d!)
              .sub(v.mul(v).mul(e! / 4))
              .add(t.mul(g!)),
          ]);
        };
        const { back } = roundTrip(solver, random, f64(y0), { h: 1 / 64, steps: 40 });
        return distance(back, y0) < 1e-13;
      }),
      { numRuns: 6, seed: 3 },
    );
  });

  test("has the gradient of its numbers, forward, in reverse and compiled", () => {
    const loss = (y: Tensor, w: Tensor): Tensor =>
      odeint((t: Tensor, x: Tensor, c: Tensor) => field(t, x, c), y, [0, 0.3, 1], {
        solver,
        controller: constant({ dt: 1 / 16 }),
        args: w,
      })
        .ys.square()
        .sum();
    const w = f64([0.75]);
    const of = (x: readonly number[]): number => loss(f64(x.slice(0, 2)), f64(x.slice(2))).itemSync();
    const start = [...y0, 0.75];
    const expected = start.map((x, i) => {
      const d = (k: number): number => of(start.with(i, x + k * 1e-3));
      return (8 * (d(1) - d(-1)) - (d(2) - d(-2))) / 0.012;
    });
    const [dy, dw] = grad(loss, [0, 1])(f64(y0), w);
    expect(distance([...numbers(dy), ...numbers(dw)], expected)).toBeLessThan(1e-9);
    expect(distance(numbers(dy), numbers(jacfwd((y: Tensor) => loss(y, w))(f64(y0))))).toBeLessThan(1e-13);
    const compiled = compile((y: Tensor) => grad((x: Tensor) => loss(x, w))(y))(f64(y0));
    expect(distance(numbers(compiled), numbers(dy))).toBeLessThan(1e-13);
  });

  test("gives the same on js as on wasm, in rows as alone, and saved as asked for", () => {
    const options = { solver, controller: constant({ dt: 1 / 16 }) };
    const onWasm = odeint(field, f64(y0), [0, 0.21, 0.5], options);
    const onJs = withTarget(js(), () => numbers(odeint(field, f64(y0), [0, 0.21, 0.5], options).ys));
    expect(distance(onJs, numbers(onWasm.ys))).toBeLessThan(1e-15);
    expect(numbers(onWasm.at(0.21))).toEqual(numbers(onWasm.ys).slice(2, 4));
    const rows = odeint(field, f64([...y0, 0, 1]).reshape([2, 2]), [0, 0.21, 0.5], {
      ...options,
      batch: "independent",
    });
    const first = numbers(rows.ys.transpose([1, 0, 2]).slice([0], [1]));
    expect(distance(first, numbers(onWasm.ys))).toBeLessThan(1e-15);
  });
});

test.each([reversibleHeun, makeReversible(bosh3), makeReversible(dopri5), makeReversible(dop853)])(
  "$name chooses its steps by its error",
  (solver) => {
    const exact = numbers(end(odeint(field, f64(y0), [0, 4], { solver: dop853, rtol: 1e-12, atol: 1e-12 }).ys));
    const errors = [1e-4, 1e-6].map((tolerance) => {
      const { ys, stats } = odeint(field, f64(y0), [0, 4], { solver, rtol: tolerance, atol: tolerance });
      expect(stats.accepted.itemSync()).toBeGreaterThan(4);
      return distance(numbers(end(ys)), exact);
    });
    expect(errors[0]!).toBeLessThan(1e-2);
    expect(errors[1]!).toBeLessThan(Math.min(1e-4, errors[0]! / 10));
  },
);

test("reversibleHeun is one value for odeint and sdeint: without noise both are the same, bit for bit", () => {
  const sde = {
    drift: (t: Tensor, y: Tensor) => field(t, y),
    diffusion: (_t: Tensor, y: Tensor) => y.mul(0),
    calculus: "stratonovich",
  } as const;
  const ts = [0, 0.5, 1];
  const stochastic = sdeint(sde, f64(y0), ts, { key: random.key(1), dt: 1 / 16, solver: reversibleHeun }).ys;
  const certain = odeint(field, f64(y0), ts, { solver: reversibleHeun, controller: constant({ dt: 1 / 16 }) }).ys;
  expect(numbers(stochastic)).toEqual(numbers(certain));
  expect(reversibleHeun.order).toBe(2);
  expect(reversibleHeun.strongOrder).toEqual({ general: 0.5, commutative: 1, additive: 1 });
});

describe("makeReversible", () => {
  test("keeps the solver's steps close, and its memory of them apart by its order", () => {
    const gap = (dt: number): number => {
      const run = (solver: ReversibleSolver | typeof rk4): number[] =>
        numbers(end(odeint(field, f64(y0), [0, 1], { solver, controller: constant({ dt }) }).ys));
      return distance(run(makeReversible(rk4)), run(rk4));
    };
    expect(Math.log2(gap(1 / 16) / gap(1 / 32))).toBeGreaterThan(3.5);
  });

  test("is stable on decaying problems with a coupling, and comes back with any", () => {
    const decay = (_t: Tensor, y: Tensor): Tensor => y.mul(-10);
    const size = (coupling: number): number => {
      const solver = makeReversible(midpoint, { coupling });
      return Math.abs(
        end(odeint(decay, f64([1]), [0, 40], { solver, controller: constant({ dt: 1 / 32 }) }).ys).itemSync(),
      );
    };
    expect(size(1)).toBeGreaterThan(1e3);
    expect(size(0.5)).toBeLessThan(1e-6);
    for (const coupling of [1, 0.99, 0.9]) {
      const solver = makeReversible(midpoint, { coupling });
      const { back } = roundTrip(solver, field, f64(y0), { h: 1 / 64, steps: 40 });
      expect(distance(back, y0)).toBeLessThan(1e-12);
    }
    expect(makeReversible(rk4).with({ coupling: 0.5 }).coupling).toBe(0.5);
  });

  test("says what it cannot do", () => {
    expect(() => makeReversible(leapfrog as never)).toThrow(
      "makeReversible: leapfrog is no explicit Runge–Kutta method; give one such as tsit5 or rk4: symmetric solvers (leapfrog, gauss4)",
    );
    expect(() => makeReversible(rk4, { coupling: 0 })).toThrow(
      "makeReversible: coupling is 0; give a number in (0, 1]",
    );
    expect(() => makeReversible(rk4, { lambda: 1 } as never)).toThrow("makeReversible: unknown option lambda");
    expect(() => odeint(field, f64(y0), [0, 1], { solver: makeReversible(euler) })).toThrow(
      "makeReversible(euler) has no error estimate",
    );
  });
});

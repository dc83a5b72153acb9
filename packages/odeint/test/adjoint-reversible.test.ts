import { grad, hvp, vmap } from "@dzdt/autograd";
import { compile, js, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  AdjointError,
  constant,
  type ConstantController,
  discretize,
  gauss4,
  implicitMidpoint,
  leapfrog,
  makeReversible,
  odeint,
  type OdeintOptions,
  reversible,
  reversibleHeun,
  rk4,
  separable,
  type Solver,
  tsit5,
  yoshida6,
} from "../src/index";
import * as all from "../src/solvers";
import { f64, numbers, relative } from "./support/adjoint-cases";

const splittings = Object.values(all).filter(
  (solver): solver is Extract<Solver, { kind: "symplectic" }> => (solver as Solver).kind === "symplectic",
);
const symmetric = splittings.filter((solver) => solver.symmetric);
const field = (t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k).sin().add(t.cos()).sub(y.square().mul(0.1));
const pendulum = separable<Tensor, Tensor, Tensor>({ velocity: (p) => p, force: (q, k) => q.sin().mul(k).neg() });

const times: readonly [string, number[], ConstantController][] = [
  ["the last time", [0, 3], constant({ dt: 0.013 })],
  ["outputs between steps", [0, 0.7, 1.3, 3], constant({ dt: 0.013 })],
  ["one step from output to output", [0, 0.1, 0.25, 0.3], constant()],
  ["decreasing times", [3, 1, 0], constant({ dt: 0.05 })],
];

/** Gradients of initial state, arguments and times. */
const gradients = (more: OdeintOptions<Tensor>, ts: number[], adjoint: Adjoint): number[][] =>
  grad(
    (y0: Tensor, k: Tensor, t: Tensor) =>
      odeint(field, y0, t, { ...more, args: k, adjoint })
        .ys.square()
        .sum(),
    [0, 1, 2],
  )(f64([1, 2]), f64(0.7), f64(ts)).map(numbers);

const same = (found: number[][], expected: number[][]): void =>
  found.forEach((x, k) => expect(relative(x, expected[k]!)).toBeLessThan(1e-12));

describe.each([reversibleHeun, makeReversible(tsit5), gauss4, implicitMidpoint] as Solver[])(
  "undone steps of $name give discretize's gradients",
  (solver) => {
    test.each(times)("for %s", (_, ts, controller) => {
      same(gradients({ solver, controller }, ts, reversible()), gradients({ solver, controller }, ts, discretize()));
    });
  },
);

test("all symmetric splittings", () => {
  expect(symmetric.length).toBeGreaterThan(10);
  for (const solver of symmetric) {
    const gradient = (adjoint: Adjoint): number[][] =>
      grad(
        (q: Tensor, k: Tensor) => {
          const { ys } = odeint(pendulum, { q, p: f64(0.3) }, [0, 0.55, 2], { solver, dt0: 0.1, args: k, adjoint });
          return ys.q.square().sum().add(ys.p.sum());
        },
        [0, 1],
      )(f64(1), f64(0.7)).map(numbers);
    same(gradient(reversible()), gradient(discretize()));
  }
});

test("splittings that are not symmetric are refused, with what would do", () => {
  for (const solver of splittings.filter((solver) => !solver.symmetric))
    expect(() =>
      odeint(pendulum, { q: f64(1), p: f64(0.3) }, [0, 1], { solver, dt0: 0.1, args: f64(1), adjoint: reversible() }),
    ).toThrow(/cannot be undone; use leapfrog/);
});

const options = { solver: reversibleHeun, controller: constant({ dt: 0.05 }) };

test("independent trajectories, vmap, compiled, and on the oracle", () => {
  const batched = (adjoint: Adjoint): number[] =>
    numbers(
      grad((y0: Tensor) =>
        odeint(field, y0, [0, 1.2, 2], { ...options, args: f64(0.7), adjoint, batch: "independent" }).ys.sum(),
      )(f64([[1], [2], [0.3]])),
    );
  expect(relative(batched(reversible()), batched(discretize()))).toBeLessThan(1e-12);
  const each = (adjoint: Adjoint) => (ks: Tensor) =>
    vmap((k: Tensor) =>
      grad((p: Tensor) => odeint(field, f64([1, 2]), [0, 1.2, 2], { ...options, args: p, adjoint }).ys.sum())(k),
    )(ks);
  const expected = numbers(each(discretize())(f64([0.7, 0.1])));
  expect(relative(numbers(compile(each(reversible()))(f64([0.7, 0.1]))), expected)).toBeLessThan(1e-12);
  const short = (): number[][] =>
    gradients({ solver: reversibleHeun, controller: constant({ dt: 0.1 }) }, [0, 0.5], reversible());
  same(withTarget(js(), short), short());
});

test("states with a leaf of no numbers", () => {
  type State = { none: Tensor; y: Tensor };
  const gradient = (adjoint: Adjoint): number[] =>
    numbers(
      grad((k: Tensor) => {
        const decay = (t: Tensor, { none, y }: State): State => ({ none, y: field(t, y, k) });
        return odeint(decay, { none: f64([]), y: f64([1, 2]) }, [0, 1.2, 2], { ...options, adjoint }).ys.y.sum();
      })(f64(0.7)),
    );
  expect(relative(gradient(reversible()), gradient(discretize()))).toBeLessThan(1e-12);
});

test("second derivatives, in both ways", () => {
  const loss = (adjoint: Adjoint) => (k: Tensor) =>
    odeint(field, f64([1, 2]), [0, 0.6, 2], { ...options, args: k, adjoint })
      .ys.square()
      .sum();
  const expected = numbers(hvp(loss(discretize()), f64(0.7), f64(1)));
  expect(relative(numbers(hvp(loss(reversible()), f64(0.7), f64(1))), expected)).toBeLessThan(1e-11);
  expect(relative(numbers(grad((k: Tensor) => grad(loss(reversible()))(k))(f64(0.7))), expected)).toBeLessThan(1e-11);
});

describe("second derivatives by all there is, times included", () => {
  type Phase = { q: Tensor; p: Tensor };
  const driven = (t: Tensor, { q, p }: Phase, k: Tensor): Phase => ({
    q: p.add(t.mul(k).sin().mul(0.3)),
    p: q.sin().mul(k).neg().add(t.cos().mul(0.2)),
  });
  const solvers = [leapfrog, yoshida6, gauss4, reversibleHeun, makeReversible(rk4)] as Solver[];
  const part = (x: Tensor, i: number): Tensor => x.slice([i], [i + 1]).reshape([]);

  describe.each(solvers)("by $name", (solver) => {
    const second = (ts: number[], controller: ConstantController, later: boolean) => (adjoint: Adjoint) => {
      const loss = (y0: Tensor, k: Tensor, t: Tensor): Tensor => {
        const start: Phase = { q: part(y0, 0), p: part(y0, 1) };
        const field = solver.kind === "symplectic" ? pendulum : driven;
        const solution = odeint<Phase, Tensor>(field, start, t, { solver, controller, args: k, adjoint });
        const { q, p } = later ? solution.at(t.mul(0.9).add(part(t, 0).mul(0.1))) : solution.ys;
        return q.square().sum().add(p.mul(q).sum()).add(p.sum());
      };
      const along = (y0: Tensor, k: Tensor, t: Tensor): Tensor => {
        const [ofY, ofK, ofT] = grad(loss, [0, 1, 2])(y0, k, t);
        const weights = f64([0.3, -0.4, 1, 0.6].slice(0, ts.length));
        return ofY
          .mul(f64([1, 0.5]))
          .sum()
          .add(ofK.mul(0.7))
          .add(ofT.mul(weights).sum());
      };
      return compile((k: Tensor) => grad(along, [0, 1, 2])(f64([0.3, 1]), k, f64(ts)))(f64(0.7)).map(numbers);
    };

    test.each(times)("for %s", (_, ts, controller) => {
      const at = (later: boolean): void => {
        const of = second(ts, controller, later);
        same([of(reversible()).flat()], [of(discretize()).flat()]);
      };
      at(false);
      // Times that the solve was not made for: t0 among them.
      at(true);
    });
  });
});

test("1000 steps there and back lead to where they began", () => {
  // Undoing is what a solve backwards in time does where the step is its own adjoint.
  const start = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 2 });
  const there = (ts: number[]) =>
    compile((q: Tensor, p: Tensor) => odeint(pendulum, { q, p }, ts, { solver: leapfrog, dt0: 0.01, args: f64(1) }).ys);
  const [ahead, behind] = [there([0, 10]), there([10, 0])];
  fc.assert(
    fc.property(start, ([q, p]) => {
      const end = ahead(f64(q!), f64(p!));
      const last = (x: Tensor): Tensor => x.slice([1], [2]).reshape([]);
      const home = behind(last(end.q), last(end.p));
      expect(Math.abs(last(home.q).itemSync() - q!)).toBeLessThan(1e-12);
      expect(Math.abs(last(home.p).itemSync() - p!)).toBeLessThan(1e-12);
    }),
    { numRuns: 20, seed: 28 },
  );
});

test("steps that cannot be undone for rounding are refused", () => {
  const gradient = (): Tensor =>
    grad((k: Tensor) =>
      odeint((_t, y: Tensor, p: Tensor) => y.mul(p).neg(), f64([1]), [0, 30], {
        solver: reversibleHeun,
        controller: constant({ dt: 0.1 }),
        args: k,
        adjoint: reversible(),
      }).ys.sum(),
    )(f64(9));
  expect(gradient).toThrow(AdjointError);
});

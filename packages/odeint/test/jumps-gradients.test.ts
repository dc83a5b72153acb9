import { grad } from "@dzdt/autograd";
import { compile, stack, type Tensor, where } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  cdeint,
  constant,
  kvaerno3,
  kvaerno4,
  kvaerno5,
  linearPath,
  odeint,
  type OdeintOptions,
  pid,
  radau5,
  rk4,
  rodas5p,
  type Solver,
  tsit5,
} from "../src/index";
import { close, f64, last, numbers } from "./support/numbers";

describe("across a jump of the field, derivatives by times are those of the solution, also of solvers that look beyond a step's end", () => {
  // y′ = −y, and 2 − y after 1/2, from 1.
  const field = (t: Tensor, y: Tensor): Tensor => where(t.greater(0.5), 2, 0).sub(y);
  const exact = (from: number, to: number): number => Math.exp(from - to) + 2 * (1 - Math.exp(0.5 - to));

  test.each([tsit5, rodas5p, kvaerno3, kvaerno4, kvaerno5])("$name", (solver) => {
    const options = { solver, controller: pid({ jumpTs: [0.5], rtol: 1e-8, atol: 1e-10 }) };
    const run = (ts: Tensor): Tensor => odeint(field, f64(1), ts, options).ys;
    const ts = [0.1, 0.3, 0.8, 1.4];
    close(run(f64(ts)), [1, Math.exp(-0.2), exact(0.1, 0.8), exact(0.1, 1.4)], 1e-7);
    const early = [Math.exp(-0.2), Math.exp(-0.7), Math.exp(-1.3)].reduce((a, b) => a + b);
    const slopes = [-Math.exp(-0.2), 2 - exact(0.1, 0.8), 2 - exact(0.1, 1.4)];
    close(compile(grad((times: Tensor) => run(times).sum()))(f64(ts)), [early, ...slopes], 1e-5);
  });
});

describe("along lines, derivatives by the times at which they meet", () => {
  const knots = [0, 0.7, 1, 2.5];
  const xs = f64([
    [0, 0.3],
    [0.7, -0.4],
    [1, 1],
    [2.5, 0.2],
  ]);
  const field = (t: Tensor, y: Tensor): Tensor => stack([y.mul(0.3).add(t), y.sin()], 0).reshape([1, 2]);
  const end =
    (options: OdeintOptions) =>
    (times: Tensor, span: Tensor): Tensor =>
      last(cdeint(field, linearPath(times, xs), f64([1]), span, options).ys).sum();
  const span = [0.2, 0.9, 2.2];
  /** Central differences of a precise solve. */
  const differences = (): number[] => {
    const precise = compile(end({ rtol: 1e-11, atol: 1e-13 }));
    const moved = (i: number, by: number): number =>
      precise(f64(knots.map((t, j) => (i === j ? t + by : t))), f64(span)).itemSync();
    return knots.map((_, i) => (moved(i, 1e-4) - moved(i, -1e-4)) / 2e-4);
  };
  const fixed = (solver: Solver): OdeintOptions => ({ solver, controller: constant({ dt: 1 / 256 }) });
  const ways: readonly (readonly [string, OdeintOptions, number])[] = [
    ["tsit5", { rtol: 1e-8, atol: 1e-10 }, 1e-5],
    ["rk4, steps of one length", fixed(rk4), 1e-3],
    ["rk4, from time to time", { solver: rk4, controller: constant() }, 1],
    ["radau5, steps of one length", fixed(radau5), 1e-4],
    ["kvaerno5, with less precision", { solver: kvaerno5, rtol: 1e-8, atol: 1e-10 }, 2e-2],
  ];

  test("are those of precise solves", () => {
    const expected = differences();
    for (const [name, options, tolerance] of ways.filter(([, , bound]) => bound < 1)) {
      const found = numbers(grad(end(options))(f64(knots), f64(span)));
      found.forEach((x, i) => expect(Math.abs(x - expected[i]!), `${name}, ${i}`).toBeLessThan(tolerance));
    }
  });

  test("are those of outputs within steps that begin where lines meet, though steps of one length would end there", () => {
    const powers = (t: Tensor, y: Tensor): Tensor =>
      stack([t, t.square()], 0)
        .reshape([1, 2])
        .add(y.mul(0).reshape([1, 1]));
    const sum = (times: Tensor): Tensor =>
      cdeint(powers, linearPath(times, xs), f64([1]), [0, 0.6, 1.1, 2], {
        solver: rk4,
        controller: constant({ dt: 0.25 }),
      }).ys.sum();
    const meeting = [0, 0.5, 1, 2.5];
    const found = numbers(grad(sum)(f64(meeting)));
    [1, 2, 3].forEach((i) => {
      const at = (by: number): number => sum(f64(meeting.map((t, j) => (i === j ? t + by : t)))).itemSync();
      expect(Math.abs(found[i]! - (at(1e-5) - at(-1e-5)) / 2e-5)).toBeLessThan(1e-6);
    });
  });

  test("are those of the steps taken, where these are few", () => {
    for (const options of [fixed(rk4), { solver: rk4, controller: constant() }, fixed(rodas5p)]) {
      const run = end(options);
      const found = numbers(grad(run)(f64(knots), f64(span)));
      knots.forEach((_, i) => {
        const at = (by: number): number => run(f64(knots.map((t, j) => (i === j ? t + by : t))), f64(span)).itemSync();
        expect(Math.abs(found[i]! - (at(1e-5) - at(-1e-5)) / 2e-5)).toBeLessThan(1e-6);
      });
    }
  });
});

import { grad, hessian, jvp, vmap } from "@dzdt/autograd";
import { compile, js, type Tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  bosh3,
  constant,
  ddeint,
  type DdeintOptions,
  dopri5,
  event,
  radau5,
  rk4,
  rodas5p,
  type Solver,
} from "../src/index";
import { close, f64, last, numbers } from "./support/numbers";

type Options = Omit<DdeintOptions<undefined, Tensor>, "delays">;

const minusPast = (_t: Tensor, _y: Tensor, [past]: readonly Tensor[]): Tensor => past!.neg();
/** The history that does not meet y(0) = 1. */
const old = 0.3;

/** y(t) of y′ = −y(t − τ), by the method of steps, up to t = 3τ. */
function exact(tau: number, t: number): number {
  if (t <= tau) return 1 - old * t;
  const first = 1 - old * tau;
  const piece = (s: number): number => s - (old * s ** 2) / 2;
  if (t <= 2 * tau) return first - piece(t - tau);
  const s = t - 2 * tau;
  return first - piece(tau) - (first * s - s ** 2 / 2 + (old * s ** 3) / 6);
}

const difference = (f: (x: number) => number, x: number, h = 1e-4): number => {
  const slope = (by: number): number => (f(x + by) - f(x - by)) / (2 * by);
  return (4 * slope(h / 2) - slope(h)) / 3;
};

const endOf =
  (options: Options, ts: readonly number[]) =>
  (tau: Tensor): Tensor =>
    last(ddeint(minusPast, f64(old), f64(1), ts, { delays: tau, ...options }).ys);
const steps = (solver: Solver, dt?: number): Options => ({
  solver,
  controller: constant(dt === undefined ? {} : { dt }),
});

const solvers: readonly Solver[] = [rk4, rodas5p, radau5];
const ways: readonly (readonly [string, Options, readonly number[]])[] = solvers.flatMap((solver) => [
  [`${solver.name}, steps of 0.07`, steps(solver, 0.07), [0, 2.3]] as const,
  [`${solver.name}, steps of 0.07, with outputs`, steps(solver, 0.07), [0, 0.4, 1.9, 2.3]] as const,
  [`${solver.name}, from time to time`, steps(solver), [0, 0.4, 1.2, 1.6, 2.3]] as const,
]);

describe.each(ways)("steps of given lengths end at breaking points: %s", (_name, options, ts) => {
  const tau = 0.95;
  const end = endOf(options, ts);

  test("polynomials between them are exact, and so are derivatives by delays", () => {
    const slope = difference((x) => exact(x, 2.3), tau);
    close(end(f64(tau)), [exact(tau, 2.3)], 1e-12);
    close(grad(end)(f64(tau)), [slope], 1e-9);
    close(jvp(end, [f64(tau)], [f64(1)])[1], [slope], 1e-9);
    close([difference((x) => end(f64(x)).itemSync(), tau)], [slope], 1e-9);
  });

  test("and by times", () => {
    const found = grad((times: Tensor) =>
      last(ddeint(minusPast, f64(old), f64(1), times, { delays: tau, ...options }).ys),
    )(f64([...ts]));
    const slope = difference((t) => exact(tau, t), 2.3);
    close(found, [-slope, ...ts.slice(2).map(() => 0), slope], 1e-9);
  });
});

describe("breaking points that are also", () => {
  // Some roundings before, at and after.
  const lengths = [1 / 3, (1 - 4e-16) / 3, (1 - 2e-15) / 3, (1 - 5e-15) / 3, (1 + 2e-15) / 3, (1 - 5e-14) / 3];

  test.each(lengths)("points of a grid of steps %f: derivatives go on from the breaking point", (dt) => {
    for (const solver of [rk4, rodas5p]) {
      const end = endOf(steps(solver, dt), [0, 2.3]);
      close(end(f64(1)), [exact(1, 2.3)], 1e-12);
      close(grad(end)(f64(1)), [difference((x) => exact(x, 2.3), 1)], 1e-9);
    }
  });

  test.each([rk4, rodas5p])(
    "points of a grid: outputs within the steps that follow move with them: $name",
    (solver) => {
      const ts = [0, 1.1, 1.6, 2.1, 2.3];
      const sum = (tau: Tensor): Tensor =>
        ddeint(minusPast, f64(old), f64(1), ts, { delays: tau, ...steps(solver, 0.25) }).ys.sum();
      const slope = ts.slice(1).reduce((total, t) => total + difference((x) => exact(x, t), 1), 0);
      close(grad(sum)(f64(1)), [slope], 1e-9);
      close(jvp(sum, [f64(1)], [f64(1)])[1], [slope], 1e-9);
    },
  );

  // Times that come nearer to 0 are rounded less and less.
  test.each([-4, -1.5, 0, 1000])("points of a grid from %f on: the past is that of the right side", (t0) => {
    const [tau, dt] = [0.75, 0.125];
    for (const span of [1.375, 1.5625, 2.1875]) {
      const end = endOf(steps(rk4, dt), [t0, t0 + span]);
      close(grad(end)(f64(tau)), [difference((x) => exact(x, span), tau)], 1e-9);
    }
  });

  test.each(solvers)("outputs at which steps end: $name", (solver) => {
    const end = endOf(steps(solver), [0, 1, 2, 2.3]);
    close(end(f64(1)), [exact(1, 2.3)], 1e-12);
    close(grad(end)(f64(1)), [difference((x) => exact(x, 2.3), 1)], 1e-9);
    close(hessian(end)(f64(1)), [difference((x) => difference((z) => exact(z, 2.3), x), 1)], 1e-6);
  });

  test("there, too, compiled, for many delays, and on the oracle", () => {
    const slope = grad(endOf(steps(rk4, 0.25), [0, 1, 2, 2.3]));
    const expected = [1, 0.95].map((tau) => difference((x) => exact(x, 2.3), tau));
    close(compile(vmap(slope))(f64([1, 0.95])), expected, 1e-9);
    close(
      withTarget(js(), () => numbers(slope(f64(1)))),
      [expected[0]!],
      1e-9,
    );
  });
});

test("steps of one length keep the solver's order where the history does not meet y0", () => {
  const field = (t: Tensor, y: Tensor, [past]: readonly Tensor[]): Tensor => past!.sin().sub(y.mul(t.cos()));
  const end = (options: Options): number =>
    last(ddeint(field, (t) => t.cos().mul(0.3), f64(1), [0, 2.9], { delays: 0.83, ...options }).ys).itemSync();
  const reference = end({ rtol: 1e-12, atol: 1e-14 });
  for (const [solver, order] of [
    [bosh3, 3],
    [rk4, 4],
    [dopri5, 5],
  ] as const) {
    const [coarse, fine] = [0.1, 0.05].map((dt) => Math.abs(end(steps(solver, dt)) - reference));
    expect(Math.log2(coarse! / fine!)).toBeGreaterThan(order - 0.6);
  }
});

test("what an event leaves behind moves with it through steps of one length", () => {
  const kicked = (options: Options) => (level: Tensor) =>
    last(
      ddeint(minusPast, f64(1), f64(1), [0, 1.9], {
        delays: 1,
        args: level,
        events: [
          event<Tensor, Tensor>((_t, y, p) => y.sub(p), { direction: "down", reset: (_t, y) => y.add(2) }) as never,
        ],
        ...(options as object),
      }).ys,
    );
  for (const solver of [rk4, dopri5, radau5]) close(grad(kicked(steps(solver, 1 / 16)))(f64(0.5)), [-2], 1e-8);
});

describe("equal times that only a program knows", () => {
  // At the start the slope is −0.05.
  const field = (t: Tensor, y: Tensor, [past]: readonly Tensor[]): Tensor =>
    past!.mul(-1.1).add(t.mul(0.3)).sub(y.mul(0.2));
  const solve = (options: Options, ts: Tensor): Tensor =>
    ddeint(field, (t) => t.add(0.3), f64(1), ts, { delays: 0.8, ...options }).ys;
  const ways: readonly (readonly [string, Options])[] = [
    ["tsit5, adaptive", {}],
    ...[rodas5p, radau5].flatMap((solver) => [
      [`${solver.name}, adaptive`, { solver }] as const,
      [`${solver.name}, steps of 0.1`, steps(solver, 0.1)] as const,
    ]),
    ...solvers.map((solver) => [`${solver.name}, from time to time`, steps(solver)] as const),
  ];

  test.each(ways)("stay, and move together as one does: %s", (_name, options) => {
    const ts = [0.5, 0.5, 0.9, 0.9, 0.9, 1.7, 1.7, 1.9];
    const run = compile((times: Tensor, weights: Tensor) => solve(options, times).mul(weights).sum());
    const slopes = compile(grad((times: Tensor, weights: Tensor) => solve(options, times).mul(weights).sum()));
    const weights = [1, 2, 3, 4, 5, 6, 7, 8];
    const once = [f64([0.5, 0.9, 1.7, 1.9]), f64([3, 12, 13, 8])] as const;
    close(run(f64(ts), f64(weights)), [run(...once).itemSync()], 1e-12);
    const [s0, s1, ...s] = numbers(slopes(f64(ts), f64(weights)));
    close([s0! + s1!, s[0]! + s[1]! + s[2]!, s[3]! + s[4]!, s[5]!], numbers(slopes(...once)), 1e-10);
    // The first output moves as the field says.
    if (options.controller?.kind !== "constant" || options.controller.dt !== undefined)
      close([s1! / 2], [-0.05], 1e-12);
    else close([s1! / 2], [-0.05], 1e-3);
  });

  test.each(ways)("of a solve of no length: %s", (_name, options) => {
    const found = compile(grad((times: Tensor) => solve(options, times).sum()))(f64([0.5, 0.5, 0.5]));
    close(found, [0.1, -0.05, -0.05], 1e-12);
  });
});

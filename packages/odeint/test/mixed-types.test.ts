import { grad } from "@dzdt/autograd";
import { stack, tensor, type Tensor, zeros } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  auto,
  bdf,
  constant,
  gauss4,
  gauss6,
  gauss8,
  implicitEuler,
  implicitMidpoint,
  kencarp4,
  kvaerno5,
  odeint,
  odex,
  radau5,
  reversibleHeun,
  rodas5p,
  rosenbrock23,
  sdirk2,
  type Solver,
  stepDoubling,
  trapezoid,
  tsit5,
  vern9,
} from "../src/index";
import { f64 } from "./support/numbers";

type Mixed = { readonly a: Tensor; readonly b: Tensor };

const part = (y: Tensor, i: number): Tensor => y.slice([i], [i + 1]).reshape([]);

/** An oscillator in float64 that a float32 leaf drives. */
const field = (t: Tensor, { a, b }: Mixed, rate: Tensor): Mixed => ({
  a: stack([part(a, 1), part(a, 0).mul(rate).neg().add(b.cast("float64").mul(0.1))]),
  b: b.mul(-0.5).add(t.sin().cast("float32").mul(0.2)),
});
const starts = [1, 1.5, 0.2, -3, 40].map((scale): Mixed => ({
  a: f64([scale, 0.3 * scale]),
  b: tensor(0.7 * scale),
}));
const ts = [0, 0.5, 1.7, 2];
const options = { args: f64(1.3) };

describe("steps of one length of a state with float64 and float32 leaves", () => {
  const solvers: readonly Solver[] = [
    ...[gauss4, gauss6, gauss8, implicitMidpoint],
    ...[implicitEuler, sdirk2, trapezoid, kvaerno5, kencarp4, radau5],
  ];
  test.each(solvers.map((solver) => [solver.name, solver] as const))("%s solves its equations", (_, solver) => {
    const controller = constant({ dt: 1 / 16 });
    for (const y0 of starts) {
      const { ys } = odeint(field, y0, ts, { ...options, solver, controller });
      const known = odeint(field, y0, ts, { ...options, solver: vern9, rtol: 1e-6, atol: 1e-8 }).ys;
      const off = ys.a.sub(known.a).abs().max().itemSync();
      const size = y0.a.abs().max().itemSync();
      expect(off / size).toBeLessThan(solver.order === 1 ? 0.1 : solver.order === 2 ? 3e-3 : 1e-5);
    }
    const loss = (rate: Tensor): Tensor => odeint(field, starts[0]!, ts, { args: rate, solver, controller }).ys.a.sum();
    const slope = grad(loss)(f64(1.3)).itemSync();
    const change =
      loss(f64(1.35))
        .sub(loss(f64(1.25)))
        .itemSync() / 0.1;
    expect(Math.abs(slope - change)).toBeLessThan(3e-3);
  });
});

describe("a state without components", () => {
  const solvers: readonly Solver[] = [
    ...[adamsBashforthMoulton, auto, bdf, gauss4, kencarp4, kvaerno5, odex, radau5, reversibleHeun],
    ...[rodas5p, rosenbrock23, stepDoubling(trapezoid), tsit5],
  ];
  test.each(solvers.map((solver) => [solver.name, solver] as const))("is solved by %s", (_, solver) => {
    const none = zeros([0], { dtype: "float64" });
    const more = solver === gauss4 ? { controller: constant({ dt: 0.5 }) } : {};
    const last = (y0: Tensor): Tensor => odeint((_t, y: Tensor) => y, y0, [0, 1, 2], { solver, ...more }).ys;
    expect(last(none).shape).toEqual([3, 0]);
    expect(grad((y0: Tensor) => last(y0).sum())(none).shape).toEqual([0]);
  });
});

import { test } from "vitest";
import { tensor, type Tensor, stack } from "@dzdt/tensor";
import { odeint, tsit5, dopri5, dop853, rk4, euler, heun, bosh3, midpoint, constant, pid } from "./index";
const f64 = { dtype: "float64" } as const;
const lorenz = (_t: Tensor, y: Tensor) => {
  const [a, b, c] = y.split(3) as [Tensor, Tensor, Tensor];
  return b.sub(a).mul(10).concat([a.mul(c.neg().add(28)).sub(b), a.mul(b).sub(c.mul(8 / 3))]);
};
test("exp", () => {
  for (const solver of [tsit5, dopri5, dop853, bosh3, heun]) {
    try {
    const s = odeint((_t: Tensor, y: Tensor) => y.neg(), tensor([1, 2], f64), [0, 0.3, 1, 2], { solver });
    const e = [0.3, 1, 2].map((t, i) => (s.ys.arraySync() as number[][])[i + 1]![0]! - Math.exp(-t));
    console.log(solver.name, e, s.status.itemSync(), s.stats.steps.itemSync(), s.stats.rejected.itemSync(), s.stats.evaluations.itemSync());
    const s2 = odeint((_t: Tensor, y: Tensor) => y.neg(), tensor([1, 2], f64), [0, 2], { solver });
    console.log((s2.ys.arraySync() as number[][])[1], (s.ys.arraySync() as number[][])[3], s2.stats.steps.itemSync());
    console.log(s2.at([1, 0.3, 2, 0]).arraySync(), s.ys.arraySync());
    } catch (e) { console.log(solver.name, e); }
  }
  for (const solver of [euler, midpoint, rk4]) {
    const s = odeint((_t: Tensor, y: Tensor) => y.neg(), tensor([1, 2], f64), [0, 0.3, 1, 2], { solver, dt0: 0.01 });
    const e = [0.3, 1, 2].map((t, i) => (s.ys.arraySync() as number[][])[i + 1]![0]! - Math.exp(-t));
    console.log(solver.name, e, s.status.itemSync(), s.stats.steps.itemSync(), s.stats.evaluations.itemSync());
  }
});
test("lorenz speed", () => {
  for (const ts of [[0, 100], [0, 50, 100]]) {
  const run = () => odeint(lorenz, tensor([1, 1, 1], f64), ts, { rtol: 1e-9, atol: 1e-9 });
  const t0 = performance.now();
  let s = run();
  const t1 = performance.now();
  for (let i = 0; i < 10; i++) s = run();
  const t2 = performance.now();
  console.log("first", t1 - t0, "ms", (t2 - t1) / 10, s.stats.steps.itemSync(), "ns/step", ((t2 - t1) / 10 / s.stats.steps.itemSync()) * 1e6, s.stats.rejected.itemSync());
  }
});

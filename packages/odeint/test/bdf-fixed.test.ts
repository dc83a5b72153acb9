import { js, tensor, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import { grad, jacfwd, vmap } from "@dzdt/autograd";
import { describe, expect, test } from "vitest";
import { bdf, constant, odeint } from "../src/index";
import { lotkaVolterra, nonautonomousStages, type TestProblem } from "../src/testing";
import { distance, f64, last, numbers } from "./support/numbers";

describe("with steps of given lengths", () => {
  const classical = (maxOrder: number) => bdf.with({ maxOrder, kappa: [0, 0, 0, 0, 0] });
  const ofOrders = [1, 2, 3, 4, 5].flatMap((order) => [
    { order, kind: "numerical", solver: bdf.with({ maxOrder: order }) },
    { order, kind: "backward", solver: classical(order) },
  ]);
  const errorAt = (solver: typeof bdf, { field, y0, t0, t1, solution }: TestProblem, steps: number): number => {
    const { ys } = odeint(field, f64(y0), [t0, t1], { solver, controller: constant({ dt: (t1 - t0) / steps }) });
    return distance(numbers(last(ys)), solution);
  };

  test.each(ofOrders)("$kind differentiation converges at order $order", ({ order, solver }) => {
    for (const problem of [nonautonomousStages, lotkaVolterra]) {
      const [coarse, fine] = [400, 800].map((steps) => errorAt(solver, problem, steps));
      const observed = Math.log2(coarse! / fine!);
      expect(Math.abs(observed - order), `${problem.name}: ${observed}`).toBeLessThan(0.15);
    }
  });

  test("a step solves the formula of its order", () => {
    // y' = λ y, by hand: the third step of order 2 is 3/2 y₃ = 2 y₂ − 1/2 y₁ + h λ y₃.
    const { ys } = odeint((_t, y: Tensor) => y.mul(-2), f64([1]), [0, 0.25, 0.5, 0.75], {
      solver: classical(2),
      controller: constant({ dt: 0.25 }),
    });
    const [, y1, y2, y3] = numbers(ys) as [number, number, number, number];
    expect(Math.abs(1.5 * y3 - 2 * y2 + 0.5 * y1 - 0.25 * -2 * y3)).toBeLessThan(1e-15);
  });

  test("damps what is stiff, and meets its steps between them", () => {
    const stiff = (t: Tensor, y: Tensor): Tensor => y.sub(t.cos()).mul(-1e6).sub(t.sin());
    const solved = odeint(stiff, f64([2]), [0, 1, 2], { solver: bdf, controller: constant({ dt: 1 / 16 }) });
    const times = [1, 1.03, 1.5, 1.97];
    expect(distance(numbers(solved.at(times)), times.map(Math.cos))).toBeLessThan(1e-6);
    const early = odeint(stiff, f64([1]), [0, 1 / 4], { solver: bdf, controller: constant({ dt: 1 / 16 }) });
    expect(distance(numbers(early.at([0.03, 0.2])), [0.03, 0.2].map(Math.cos))).toBeLessThan(1e-4);
  });

  test("a shorter step, at the end or for a time that must be met, keeps the order", () => {
    const { field, y0 } = lotkaVolterra;
    const run = (dt: number): number => {
      const { ys } = odeint(field, f64(y0), [0, 1.03], { solver: bdf, controller: constant({ dt }) });
      const exact = odeint(field, f64(y0), [0, 1.03], { rtol: 1e-12, atol: 1e-12 }).ys;
      return distance(numbers(last(ys)), numbers(last(exact)));
    };
    expect(Math.log2(run(1 / 64) / run(1 / 128))).toBeGreaterThan(4.4);
  });

  test("algebraic equations are solved with them", () => {
    // y₁' = −y₁ + y₂, 0 = y₁² − y₂
    const mass = tensor(
      [
        [1, 0],
        [0, 0],
      ],
      { dtype: "float64" },
    );
    const field = (_t: Tensor, y: Tensor): Tensor => {
      const [a, b] = [y.slice([0], [1]), y.slice([1], [2])];
      return b
        .sub(a)
        .mul(f64([1, 0]))
        .add(
          a
            .mul(a)
            .sub(b)
            .mul(f64([0, 1])),
        );
    };
    const { ys } = odeint(field, f64([0.5, 0.25]), [0, 1], { solver: bdf, mass, controller: constant({ dt: 1 / 64 }) });
    // y₁ = 1/(1 + e^t)
    const end = 1 / (1 + Math.E);
    expect(distance(numbers(last(ys)), [end, end ** 2])).toBeLessThan(1e-9);
  });

  test("have the gradient of the numbers that they compute, forward and in reverse, also under vmap", () => {
    const field = (t: Tensor, y: Tensor, p: Tensor): Tensor => p.mul(t.cos().sub(y)).add(y.mul(y).mul(0.1));
    const loss = (p: Tensor): Tensor =>
      odeint(field, f64([2]), [0, 0.33, 1], { solver: bdf, controller: constant({ dt: 1 / 12 }), args: p })
        .ys.slice([1], [3])
        .square()
        .sum();
    const at = (p: number): number => loss(f64([p])).itemSync();
    const h = 1e-2;
    const expected = (8 * (at(5 + h) - at(5 - h)) - (at(5 + 2 * h) - at(5 - 2 * h))) / (12 * h);
    const [found] = numbers(grad(loss)(f64([5])));
    expect(Math.abs(found! / expected - 1)).toBeLessThan(1e-8);
    expect(Math.abs(numbers(jacfwd(loss)(f64([5])))[0]! / found! - 1)).toBeLessThan(1e-11);
    const rows = tensor([[5], [20]], { dtype: "float64" });
    const many = numbers(vmap(grad(loss))(rows));
    expect(Math.abs(many[0]! / found! - 1)).toBeLessThan(1e-11);
    expect(Math.abs(many[1]! / numbers(grad(loss)(f64([20])))[0]! - 1)).toBeLessThan(1e-11);
  });

  test("are the same on the plain target", () => {
    const run = (): number[] => {
      const { field, y0 } = lotkaVolterra;
      return numbers(odeint(field, f64(y0), [0, 0.4, 1], { solver: bdf, controller: constant({ dt: 1 / 10 }) }).ys);
    };
    expect(distance(withTarget(js(), run), withTarget(wasm(), run))).toBeLessThan(1e-13);
  });
});

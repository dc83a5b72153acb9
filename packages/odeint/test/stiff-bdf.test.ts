import { compile, js, pow, tensor, type Tensor, wasm, where, withTarget } from "@dzdt/tensor";
import { grad, hvp, jacfwd, jacrev } from "@dzdt/autograd";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { extrapolated, rescaling } from "../src/implicit/differences";
import { auto, bdf, odeint, pid } from "../src/index";
import { lotkaVolterra } from "../src/testing";
import data from "./data/stiff.json";
import { tensorField, type WrittenField } from "./support/expression";
import { distance, f64, last, numbers } from "./support/numbers";

const scalar = (x: number): Tensor => tensor(x, { dtype: "float64" });

describe("backward differences", () => {
  const polynomial = (t: number): number => 2 - t + 3 * t ** 2 - 0.5 * t ** 3 + 0.25 * t ** 5;
  /** ∇, ∇² … at 0 for a spacing. */
  const differences = (h: number): number[] => {
    let row = Array.from({ length: 6 }, (_, i) => polynomial(-i * h));
    return Array.from({ length: 5 }, () => {
      row = row.slice(1).map((x, i) => row[i]! - x);
      return row[0]!;
    });
  };

  test.each([0.2, 0.5, 1, 1.5, 8])("change their spacing by %f", (r) => {
    const weights = rescaling(scalar(r), 5).map((row) => row.map((x) => x.itemSync()));
    const [before, after] = [differences(0.25), differences(0.25 * r)];
    weights.forEach((row, i) => {
      const found = row.reduce((sum, weight, j) => sum + weight * before[j]!, 0);
      expect(Math.abs(found - after[i]!)).toBeLessThan(1e-12 * r ** 5 + 1e-13);
    });
  });

  test("stay as they are, to the bit, where the spacing does", () => {
    rescaling(scalar(1), 5).forEach((row, i) => row.forEach((x, j) => expect(x.itemSync() + 0).toBe(i === j ? 1 : 0)));
  });

  test("extrapolate the polynomial, and no difference above the order counts", () => {
    const table = differences(0.25).map((x) => f64([x]));
    for (const s of [-1, -0.375, 0, 0.5])
      expect(extrapolated(scalar(s), scalar(5), table).reshape([]).itemSync()).toBeCloseTo(
        polynomial(0.25 * s) - polynomial(0),
        13,
      );
    const [first] = differences(0.25);
    expect(extrapolated(scalar(-0.5), scalar(1), table).reshape([]).itemSync()).toBeCloseTo(-0.5 * first!, 15);
  });
});

describe("orders", () => {
  const { field, y0, t0, t1, solution } = lotkaVolterra;
  const run = (maxOrder: number, tol: number): { steps: number; error: number } => {
    const solver = bdf.with({ maxOrder });
    const { ys, stats } = odeint(field, f64(y0), [t0, t1], { solver, rtol: tol, atol: tol });
    return { steps: stats.accepted.itemSync(), error: distance(numbers(last(ys)), solution) };
  };

  test.each([1, 2, 3, 4, 5])("up to %i, errors shrink with the number of steps to that power", (order) => {
    const finest = order === 1 ? 1e-7 : 1e-11;
    const [coarse, fine] = [run(order, finest * 1e3), run(order, finest)];
    const slope = Math.log(coarse.error / fine.error) / Math.log(fine.steps / coarse.steps);
    expect(slope).toBeGreaterThan(order - 0.35);
    expect(slope).toBeLessThan(order + 0.9);
  });

  test("are 1 to 5", () => {
    expect(() => bdf.with({ maxOrder: 6 })).toThrow(/bdf: maxOrder is 6; give an order from 1 to 5/);
    expect(() => bdf.with({ maxOrder: 0 })).toThrow(RangeError);
    expect(() => bdf.with({ kappa: [0, 0] })).toThrow(/from 1 to 2/);
    expect(() => bdf.with({ order: 2 } as never)).toThrow(/bdf.with: unknown option order; known are/);
  });

  test("rise where the solution is smooth: few steps for t^4, and its values to the tolerance", () => {
    const solved = odeint((t: Tensor, y: Tensor) => y.mul(0).add(pow(t, 3).mul(4)), f64([0]), [0, 10], {
      solver: bdf,
      rtol: 1e-8,
      atol: 1e-8,
    });
    expect(solved.stats.steps.itemSync()).toBeLessThan(60);
    expect(Math.abs(numbers(solved.ys)[1]! / 1e4 - 1)).toBeLessThan(1e-7);
  });
});

test("the classical formulas solve as well", () => {
  const { field, y0, t0, t1, solution } = lotkaVolterra;
  const solver = bdf.with({ kappa: [0, 0, 0, 0, 0] });
  const { ys } = odeint(field, f64(y0), [t0, t1], { solver, rtol: 1e-6, atol: 1e-6 });
  expect(distance(numbers(last(ys)), solution)).toBeLessThan(1e-4);
});

test("a step costs little more than one evaluation of the field", () => {
  const { y0, t0, outputs, atol } = data.problems.find(({ id }) => id === "rober")!;
  const { stats } = odeint(tensorField(data.problems[0] as unknown as WrittenField), f64(y0), [t0, outputs.at(-1)!.t], {
    solver: bdf,
    rtol: 1e-7,
    atol: atol["1e-07"],
  });
  expect(stats.evaluations.itemSync()).toBeLessThan(1.6 * stats.steps.itemSync());
});

describe.each([
  { name: "bdf", solver: bdf, allowed: 300 },
  { name: "auto", solver: auto, allowed: 100 },
])("$name", ({ solver, allowed }) => {
  const tol = 1e-6;
  // y₁' = λ₁ y₁ + c y₂, y₂' = λ₂ y₂
  const solveTo = compile((rates: Tensor, y: Tensor) => {
    const field = (_t: Tensor, z: Tensor, p: Tensor): Tensor => {
      const [a, b] = [z.slice([0], [1]), z.slice([1], [2])];
      const [first, second, coupling] = [0, 1, 2].map((i) => p.slice([i], [i + 1])) as [Tensor, Tensor, Tensor];
      return first
        .mul(a)
        .add(coupling.mul(b))
        .mul(f64([1, 0]))
        .add(second.mul(b).mul(f64([0, 1])));
    };
    return last(odeint(field, y, [0, 2], { solver, args: rates, rtol: tol, atol: tol }).ys);
  });

  test("solves linear systems of all rates to its tolerance, and in proportion to the state", () => {
    const rate = fc.double({ min: -3, max: 5, noNaN: true }).map((exponent) => -(10 ** exponent));
    const part = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(rate, rate, part, part, (first, second, coupling, start) => {
        // Apart, so that the closed form has no cancellation.
        fc.pre(Math.abs(first / second - 1) > 0.1);
        const [a, b] = numbers(solveTo(f64([first, second, coupling]), f64([1, start])));
        const second1 = start * Math.exp(2 * second);
        const share = (coupling * start) / (second - first);
        const first1 = (1 - share) * Math.exp(2 * first) + share * Math.exp(2 * second);
        expect(Math.abs(a! - first1)).toBeLessThan(allowed * tol);
        expect(Math.abs(b! - second1)).toBeLessThan(allowed * tol);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test("meets a jump of the field with shorter steps", () => {
    const field = (t: Tensor, y: Tensor): Tensor => where(t.less(0.7), 1, -2).sub(y).mul(50);
    const { ys, stats } = odeint(field, f64([1]), [0, 1], { solver, rtol: tol, atol: tol });
    expect(Math.abs(numbers(ys)[1]! - (-2 + 3 * Math.exp(-15)))).toBeLessThan(1e-4);
    expect(stats.steps.itemSync()).toBeLessThan(400);
  });
});

describe("dense output", () => {
  const { field, y0 } = lotkaVolterra;
  const options = { solver: bdf, rtol: 1e-7, atol: 1e-7 };
  const times = Array.from({ length: 41 }, (_, i) => i / 8);

  test("is as accurate as the steps", () => {
    const exact = odeint(field, f64(y0), times, { rtol: 1e-11, atol: 1e-11 });
    const found = odeint(field, f64(y0), times, options);
    expect(distance(numbers(found.ys), numbers(exact.ys))).toBeLessThan(1e-5);
    const again = odeint(field, f64(y0), [0, 5], options).at(times);
    expect(distance(numbers(again), numbers(found.ys))).toBeLessThan(1e-14);
  });

  test("is continuous over the ends of steps, where order and length change", () => {
    const solved = odeint(field, f64(y0), [0, 5], options);
    const count = 4000;
    const grid = Array.from({ length: count + 1 }, (_, i) => (5 * i) / count);
    const values = numbers(solved.at(grid));
    const steepest = 12;
    for (let i = 2; i < values.length; i++)
      expect(Math.abs(values[i]! - values[i - 2]!)).toBeLessThan((steepest * 5) / count);
  });
});

test("runs backwards in time", () => {
  const back = (t: Tensor, y: Tensor): Tensor => lotkaVolterra.field(t.neg(), y).neg();
  const options = { solver: bdf, rtol: 1e-6, atol: 1e-6 };
  const ahead = odeint(back, f64([1, 0.5]), [-1, 0.5], options).ys;
  const reversed = odeint(lotkaVolterra.field, f64([1, 0.5]), [1, -0.5], options).ys;
  expect(distance(numbers(last(reversed)), numbers(last(ahead)))).toBeLessThan(1e-12);
});

test("a mass matrix of full rank is that of the solved field", () => {
  const mass = tensor(
    [
      [2, 1],
      [0, 3],
    ],
    { dtype: "float64" },
  );
  const inverse = tensor(
    [
      [1 / 2, -1 / 6],
      [0, 1 / 3],
    ],
    { dtype: "float64" },
  );
  const right = (t: Tensor, y: Tensor): Tensor =>
    y
      .slice([1], [2])
      .sub(t)
      .mul(f64([1, 0]))
      .add(
        y
          .slice([0], [1])
          .mul(-40)
          .mul(f64([0, 1])),
      );
  const options = { solver: bdf, rtol: 1e-9, atol: 1e-9 };
  const own = odeint(right, f64([1, 0]), [0, 0.3, 1], { ...options, mass }).ys;
  const solved = odeint((t: Tensor, y: Tensor) => inverse.matmul(right(t, y)), f64([1, 0]), [0, 0.3, 1], options).ys;
  expect(distance(numbers(own), numbers(solved))).toBeLessThan(1e-7);
});

test("keeps to the longest step that its controller allows", () => {
  const run = (dtMax: number): number =>
    odeint((_t, y: Tensor) => y.neg(), f64([1]), [0, 10], {
      solver: bdf,
      controller: pid({ dtMax }),
      rtol: 1e-3,
      atol: 1e-3,
    }).stats.steps.itemSync();
  expect(run(0.1)).toBeGreaterThanOrEqual(100);
  expect(run(Infinity)).toBeLessThan(60);
});

describe("gradients", () => {
  const field = (t: Tensor, y: Tensor, p: Tensor): Tensor => {
    const [a, b] = [y.slice([0], [1]), y.slice([1], [2])];
    const [r, w] = [p.slice([0], [1]), p.slice([1], [2])];
    const fast = r.mul(t.mul(w).cos().sub(a)).add(b.mul(b));
    return fast.mul(f64([1, 0])).add(a.sub(b.mul(w)).mul(f64([0, 1])));
  };
  const p0 = [50, 1.25];
  const options = { solver: bdf, rtol: 1e-9, atol: 1e-11 };
  const end = (y: Tensor, p: Tensor): Tensor => last(odeint(field, y, [0, 0.3, 1], { ...options, args: p }).ys);
  const loss = (y: Tensor, p: Tensor): Tensor => end(y, p).square().sum();

  test("are those of the solution, by its states and parameters", () => {
    const [dy, dp] = grad(loss, [0, 1])(f64([1, 0.5]), f64(p0));
    const found = [...numbers(dy), ...numbers(dp)];
    const exact = (x: readonly number[]): number =>
      last(odeint(field, f64(x.slice(0, 2)), [0, 1], { rtol: 1e-12, atol: 1e-13, args: f64(x.slice(2)) }).ys)
        .square()
        .sum()
        .itemSync();
    const at = [1, 0.5, ...p0];
    at.forEach((value, i) => {
      const h = 1e-4 * Math.max(1, value);
      const expected = (exact(at.with(i, value + h)) - exact(at.with(i, value - h))) / (2 * h);
      expect(Math.abs(found[i]! - expected)).toBeLessThan(2e-6 * (1e-3 + Math.abs(expected)) + 1e-9);
    });
  });

  test("agree forward, in reverse, compiled and on the plain target", () => {
    const of = (p: Tensor): Tensor => end(f64([1, 0.5]), p);
    const forward = numbers(jacfwd(of)(f64(p0)));
    const size = Math.max(...forward.map(Math.abs));
    expect(distance(numbers(jacrev(of)(f64(p0))), forward)).toBeLessThan(1e-10 * size);
    expect(distance(numbers(compile((p: Tensor) => jacrev(of)(p))(f64(p0))), forward)).toBeLessThan(1e-10 * size);
  });

  test("and values are the same on the plain target", () => {
    const short = (): number[] => {
      const run = (y: Tensor): Tensor =>
        last(odeint(field, y, [0, 0.1], { solver: bdf, rtol: 1e-3, atol: 1e-3, args: f64(p0) }).ys);
      return [...numbers(run(f64([1, 0.5]))), ...numbers(grad((y: Tensor) => run(y).sum())(f64([1, 0.5])))];
    };
    expect(distance(withTarget(js(), short), withTarget(wasm(), short))).toBeLessThan(1e-11);
  });

  test("have gradients", () => {
    const of = (y: Tensor): Tensor => loss(y, f64(p0));
    const direction = [0.5, -1];
    const slope = (s: number): number[] => numbers(grad(of)(f64([1 + s * direction[0]!, 0.5 + s * direction[1]!])));
    const [up, down] = [slope(1e-4), slope(-1e-4)];
    const found = numbers(hvp(of, f64([1, 0.5]), f64(direction)));
    found.forEach((x, i) => expect(Math.abs(x - (up[i]! - down[i]!) / 2e-4)).toBeLessThan(1e-5));
  });

  test("reach the times", () => {
    const atTime = (t: Tensor): Tensor =>
      odeint((_s: Tensor, y: Tensor) => y.mul(-2), f64([3]), t, options)
        .ys.slice([1], [2])
        .sum();
    const [d0, d1] = numbers(grad(atTime)(f64([0, 0.7])));
    expect(d1).toBeCloseTo(-6 * Math.exp(-1.4), 7);
    expect(d0).toBeCloseTo(6 * Math.exp(-1.4), 7);
  });
});

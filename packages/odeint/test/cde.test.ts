import { grad, vmap } from "@dzdt/autograd";
import { checkGrads } from "@dzdt/autograd/testing";
import { compile, js, matmul, stack, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cdeint,
  constant,
  cubicPath,
  dop853,
  hermitePath,
  kvaerno5,
  leapfrog,
  linearPath,
  piecewisePath,
  rectilinearPath,
  rk4,
  rodas5p,
  tsit5,
} from "../src/index";
import reference from "./data/cde.json";
import { f64, numbers } from "./support/numbers";

const last = (ys: Tensor): number[] => numbers(ys.slice([ys.shape[0]! - 1], [ys.shape[0]!]));
const { ts, matrix_cde: matrix } = reference;
const xs = f64(reference.xs.map((x) => [Number(x)]));
const both = f64(reference.xs.map((x, k) => [Number(x), matrix.x2[k]!]));
const [A, B] = [f64(matrix.A), f64(matrix.B)];
const y0 = f64(matrix.y0);
const field = (_t: Tensor, y: Tensor): Tensor => stack([matmul(A, y), matmul(B, y)], 1);
const end = matrix.y_end.map(Number);
const apart = (x: readonly number[], y: readonly number[]): number => Math.max(...x.map((a, i) => Math.abs(a - y[i]!)));

describe("reference", () => {
  test.each([1e-5, 1e-8])("scalar equation along a Hermite path, to rtol %f", (rtol) => {
    const rows = reference.scalar_cde.at;
    const path = hermitePath(ts, xs);
    const times = [0, ...rows.map(({ t }) => t)];
    const { ys } = cdeint((_t, y) => y.reshape([1, 1]), path, f64([1]), times, { rtol, atol: rtol / 100 });
    rows.forEach(({ y }, k) => expect(Math.abs(numbers(ys)[k + 1]! / Number(y) - 1)).toBeLessThan(100 * rtol));
  });

  test.each([
    ["tsit5", { solver: tsit5 }],
    ["dop853", { solver: dop853 }],
    ["kvaerno5", { solver: kvaerno5 }],
    ["rodas5p", { solver: rodas5p }],
  ] as const)("matrix equation along a path of lines, by %s", (_name, { solver }) => {
    for (const rtol of [1e-5, 1e-8]) {
      const { ys, at } = cdeint(field, linearPath(ts, both), y0, [0, 2.2, 4], { solver, rtol, atol: rtol / 100 });
      expect(apart(last(ys), end)).toBeLessThan(100 * rtol);
      expect(apart(numbers(at(4)), last(ys))).toBe(0);
    }
  });

  test("and back from the end to the start", () => {
    const { ys } = cdeint(field, linearPath(ts, both), f64(end), [4, 0], { rtol: 1e-9, atol: 1e-11 });
    expect(apart(last(ys), matrix.y0)).toBeLessThan(1e-7);
  });
});

describe("a path of lines", () => {
  test("ends steps where lines meet: none is rejected for a bend", () => {
    const { stats } = cdeint(field, linearPath(ts, both), y0, [0, 4], { rtol: 1e-3, atol: 1e-5 });
    expect(stats.rejected.itemSync()).toBe(0);
    // Seven evaluations where lines meet, six elsewhere.
    expect(stats.evaluations.itemSync()).toBe(1 + 1 + 6 * stats.steps.itemSync() + 4);
  });

  test("takes steps of one length that end where lines meet, with the solver's order", () => {
    const error = (dt: number): number =>
      apart(
        last(cdeint(field, linearPath(ts, both), y0, [0, 4], { solver: rk4, controller: constant({ dt }) }).ys),
        end,
      );
    const order = Math.log2(error(1 / 8) / error(1 / 16));
    expect(order).toBeGreaterThan(3.7);
    expect(order).toBeLessThan(4.3);
  });

  test("in float32 knows on which side of a bend it is", () => {
    const single = (x: Tensor): Tensor => x.to("float32");
    const late = ts.map((t) => t + 1000);
    const { ys } = cdeint(
      (_t, y) => stack([matmul(single(A), y), matmul(single(B), y)], 1),
      linearPath(late, single(both)),
      single(y0),
      [1000, 1004],
      { rtol: 1e-5, atol: 1e-6 },
    );
    expect(ys.dtype).toBe("float32");
    expect(apart(last(ys), end)).toBeLessThan(1e-4);
  });

  test("of time alone is the ordinary equation", () => {
    const path = linearPath([0, 0.3, 1, 2], f64([[0], [0.3], [1], [2]]));
    const { ys } = cdeint((t, y) => y.neg().add(t).reshape([1, 1]), path, f64([1]), [0, 2], {
      rtol: 1e-9,
      atol: 1e-11,
    });
    expect(last(ys)[0]).toBeCloseTo(2 * Math.exp(-2) + 1, 7);
  });

  test("that goes in steps gives the product of its steps", () => {
    // Time first: exp(0.1 · 2) then exp(0.5 · 3), which do not commute with the other order for a field that depends on y otherwise.
    const path = rectilinearPath(
      [0, 2],
      f64([
        [0, 0],
        [2, 3],
      ]),
    );
    const { ys } = cdeint((_t, y) => stack([y.mul(0.1), y.mul(0).add(0.5)], 1), path, f64([1]), [0, 2], {
      rtol: 1e-9,
      atol: 1e-11,
    });
    expect(last(ys)[0]).toBeCloseTo(Math.exp(0.2) + 1.5, 7);
  });
});

describe("laws", () => {
  test("31: the solution does not depend on how fast the path goes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 4, maxLength: 4 }),
        fc.constantFrom(linearPath, cubicPath),
        (gaps, make) => {
          const options = { rtol: 1e-8, atol: 1e-10 };
          if (make === linearPath) {
            const times = [0];
            gaps.forEach((gap) => times.push(times.at(-1)! + gap / 8));
            const { ys } = cdeint(field, make(times, both), y0, [0, times.at(-1)!], options);
            expect(apart(last(ys), end)).toBeLessThan(1e-6);
            return;
          }
          // Of curves, time changes that are lines: those keep the spline.
          const scale = gaps[0]! / 4;
          const slow = last(cdeint(field, make(ts, both), y0, [0, 4], options).ys);
          const fast = last(
            cdeint(
              field,
              make(
                ts.map((t) => 1 + t / scale),
                both,
              ),
              y0,
              [1, 1 + 4 / scale],
              options,
            ).ys,
          );
          expect(apart(slow, fast)).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 6 },
    );
  });

  test("a path and back again ends where it began", () => {
    const there = [0, 1, 1.75, 3, 4];
    const path = linearPath(
      [
        ...there,
        ...there
          .slice(0, -1)
          .reverse()
          .map((t) => 8 - t),
      ],
      f64([...(both.arraySync() as number[][]), ...(both.arraySync() as number[][]).slice(0, -1).reverse()]),
    );
    const { ys } = cdeint(field, path, y0, [0, 8], { rtol: 1e-9, atol: 1e-11 });
    expect(apart(last(ys), matrix.y0)).toBeLessThan(1e-7);
  });

  test("js and wasm agree", () => {
    for (const make of [linearPath, hermitePath]) {
      const on = (target: ReturnType<typeof js>): number[] =>
        withTarget(target, () => {
          const [a, b] = [f64(matrix.A), f64(matrix.B)];
          const f = (_t: Tensor, y: Tensor): Tensor => stack([matmul(a, y), matmul(b, y)], 1);
          return numbers(cdeint(f, make(ts, f64(both.arraySync())), f64(matrix.y0), [0, 1.3, 4]).ys);
        });
      expect(apart(on(js()), on(wasm()))).toBeLessThan(1e-13);
    }
  });
});

describe("gradients", () => {
  // Differences of solves are as rough as their steps are chosen.
  const options = { rtol: 1e-12, atol: 1e-13 };
  const driven = (_t: Tensor, y: Tensor, a: Tensor): Tensor => stack([matmul(a, y).tanh(), y.cos().mul(0.3)], 1);

  test("with respect to observations of linearPath, their times, y0 and args", () => {
    const loss = (x: Tensor, t: Tensor, y: Tensor, a: Tensor): Tensor =>
      cdeint(driven, linearPath(t, x), y, [0.2, 1.2, 3.8], { ...options, args: a })
        .ys.square()
        .sum();
    checkGrads(loss, [both, f64(ts), y0, A], { order: 1 });
  });

  test.each([
    ["hermitePath", hermitePath],
    ["cubicPath", cubicPath],
  ] as const)("with respect to observations of %s, y0 and args", (_name, make) => {
    const loss = (x: Tensor, y: Tensor, a: Tensor): Tensor =>
      cdeint(driven, make(ts, x), y, [0.2, 1.2, 3.8], { ...options, args: a })
        .ys.square()
        .sum();
    checkGrads(loss, [both, y0, A], { order: 1 });
  });

  test("with respect to observations do not depend on how they got into the solve", () => {
    const direct = grad((x: Tensor) => cdeint(field, linearPath(ts, x), y0, [0, 4], options).ys.sum())(both);
    const compiled = compile(grad((x: Tensor) => cdeint(field, linearPath(ts, x), y0, [0, 4], options).ys.sum()))(both);
    expect(apart(numbers(direct), numbers(compiled))).toBeLessThan(1e-12);
    const path = linearPath(ts, both);
    const end = (p: { breakpoints: Tensor; coefficients: readonly Tensor[] }): Tensor =>
      cdeint(field, p, y0, [0, 4], options).ys.sum();
    const pieces = grad(end as never)(path as never) as unknown as { coefficients: Tensor[] };
    // Values of pieces play no part, their slopes do.
    expect(Math.max(...numbers(pieces.coefficients[0]!).map(Math.abs))).toBe(0);
    expect(Math.min(...numbers(pieces.coefficients[1]!).map(Math.abs))).toBeGreaterThan(1e-3);
    expect(numbers(compile(end)(path))[0]).toBeCloseTo(end(path).itemSync(), 10);
  });
});

describe("many paths", () => {
  const two = stack([both, both.mul(0.5)], 0);
  const alone = (k: number): number[] =>
    last(cdeint(field, linearPath(ts, k === 0 ? both : both.mul(0.5)), y0, [0, 4]).ys);
  const starts = stack([y0, y0], 0);

  test("with steps of their own are each alone", () => {
    const { ys, stats, status, at } = cdeint(field, linearPath(ts, two), starts, [0, 1, 4], { batch: "independent" });
    expect(ys.shape).toEqual([3, 2, 2]);
    expect([stats.steps.shape, status.shape]).toEqual([[2], [2]]);
    expect(apart(last(ys), [...alone(0), ...alone(1)])).toBeLessThan(1e-12);
    expect(at(1).shape).toEqual([2, 2]);
    expect(apart(numbers(at([1, 4])), numbers(ys.slice([1], [3])))).toBeLessThan(1e-12);
  });

  test("may have times of their own then", () => {
    const own = linearPath(f64([ts, ts.map((t) => t / 2 + 2)]), two);
    const f = (): Tensor => cdeint(field, own, starts, [2, 4], { batch: "independent" }).ys;
    const second = last(cdeint(field, linearPath(ts, both.mul(0.5)), y0, [0, 4]).ys);
    expect(apart(numbers(f().slice([1, 1], [2, 2])), second)).toBeLessThan(1e-5);
    expect(() => cdeint(field, own, starts, [2, 4])).toThrow('bends at times of its own; give batch: "independent"');
  });

  test("of one state have common steps", () => {
    const wide = (_t: Tensor, y: Tensor): Tensor => stack([matmul(y, A.transpose()), matmul(y, B.transpose())], 2);
    const { ys, stats } = cdeint(wide, linearPath(ts, two), starts, [0, 4]);
    expect(apart(last(ys), [...alone(0), ...alone(1)])).toBeLessThan(1e-4);
    expect(stats.steps.shape).toEqual([]);
  });

  test("by vmap", () => {
    const many = vmap((x: Tensor) => cdeint(field, linearPath(ts, x), y0, [0, 4]).ys)(two);
    expect(apart(last(many.slice([0], [1]).reshape([2, 2])), alone(0))).toBeLessThan(1e-12);
  });

  test("and trees of states", () => {
    const state = {
      a: f64([
        [1, 2],
        [3, 4],
      ]),
      b: f64([1, -1]),
    };
    const { ys } = cdeint(
      (_t, { a, b }) => ({ a: stack([a, a.mul(0)], 2), b: stack([b.mul(0), b], 1) }),
      linearPath(ts, two),
      state,
      [0, 4],
      { rtol: 1e-9, atol: 1e-11 },
    );
    const rise = Math.exp(1);
    expect(apart(last(ys.a), [rise, 2 * rise, 3 * Math.sqrt(rise), 4 * Math.sqrt(rise)])).toBeLessThan(1e-6);
    expect(apart(last(ys.b), [1, -1])).toBeLessThan(1e-6);
  });
});

describe("errors", () => {
  const path = linearPath(ts, both);

  test("of times outside the path", () => {
    expect(() => cdeint(field, path, y0, [0, 5])).toThrow("cdeint: t = 5 is outside the path's [0, 4]; solve within");
    const run = compile((t: Tensor) => cdeint(field, path, y0, stack([f64(0), t])).ys);
    expect(() => run(f64(5))).toThrow("nonFinite");
    expect(run(f64(4)).shape).toEqual([2, 2]);
  });

  test("of what does not fit", () => {
    expect(() => cdeint((_t, y) => y, path, y0, [0, 4])).toThrow(
      "cdeint: vector field returned [2] for a state of shape [2] and a path of 2 channels; return [2, 2]",
    );
    expect(() => cdeint(field, linearPath(ts, stack([both, both, both], 0)), y0, [0, 4])).toThrow(
      "cdeint: the path has batch axes [3]",
    );
    expect(() => cdeint(field, path, y0, [0, 4], { solver: leapfrog })).toThrow(
      "cdeint: leapfrog is for Hamiltonian fields",
    );
    expect(() => cdeint(field, path, f64([matrix.y0]), [0, 4], { batch: "independent" })).toThrow(
      "give xs as [batch, T, channels]",
    );
    expect(() => cdeint(field, {} as never, y0, [0, 4])).toThrow("path: a path is { breakpoints, coefficients }");
    expect(() => cdeint(undefined as never, path, y0, [0, 4])).toThrow("cdeint: the field is undefined");
    expect(piecewisePath(path).at(1).shape).toEqual([2]);
  });
});

import { grad, vmap } from "@dzdt/autograd";
import { checkGrads } from "@dzdt/autograd/testing";
import { compile, js, stack, tensor, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cubicPath, hermitePath, linearPath, type Path, piecewisePath, rectilinearPath } from "../src/index";
import reference from "./data/cde.json";
import { f64, numbers } from "./support/numbers";

const { ts } = reference;
const xs = f64(reference.xs.map((x) => [Number(x)]));
const makers = { linearPath, hermitePath, cubicPath };
const close = (actual: Tensor, expected: readonly number[], bound: number): void => {
  expect(actual.size).toBe(expected.length);
  numbers(actual).forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThanOrEqual(bound));
};

describe("values", () => {
  test.each([
    ["linearPath", reference.linear],
    ["hermitePath", reference.backward_hermite],
  ] as const)("of %s are the reference's", (name, rows) => {
    const path = makers[name](ts, xs);
    const times = rows.map(({ t }) => t);
    close(
      path.at(times),
      rows.map(({ x }) => Number(x)),
      1e-15,
    );
    const slopes = rows.flatMap((row) => ("dx" in row ? [Number(row.dx)] : []));
    if (slopes.length > 0) close(path.derivative(times), slopes, 2e-15);
  });

  test("of cubicPath are SciPy's CubicSpline with natural ends", () => {
    const path = cubicPath(ts, xs);
    const times = [0.5, 1.5, 2.625, 3.5];
    close(path.at(times), [-0.5988920454545454, -0.2968244949494949, 1.7429911221590908, 1.8958806818181817], 1e-14);
    close(
      path.derivative(times),
      [-1.732594696969697, 2.101969696969697, 1.062368371212121, -0.5972537878787876],
      1e-14,
    );
  });

  test("of rectilinearPath go first in time, then in the others", () => {
    const path = rectilinearPath(
      [0, 2, 3],
      f64([
        [0, 1],
        [2, 5],
        [3, NaN],
      ]),
    );
    close(path.at([0, 0.5, 1, 1.5, 2, 2.5, 3]), [0, 1, 1, 1, 2, 1, 2, 3, 2, 5, 3, 5, 3, 5], 0);
    close(path.derivative([0.5, 1.5]), [2, 0, 0, 4], 0);
    close(
      rectilinearPath(
        [0, 2],
        f64([
          [1, 0],
          [5, 2],
        ]),
        { time: 1 },
      ).at(1),
      [1, 2],
      0,
    );
  });

  test("meet the observations, at uneven times, for few and for many of them", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(makers)),
        fc.constantFrom(2, 3, 9, 65, 66, 67, 130),
        fc.integer({ min: 1, max: 1000 }),
        (make, count, seed) => {
          const wild = (k: number): number => Math.sin(seed * 12.9898 + k * 78.233);
          const times = Array.from({ length: count }, (_, k) => k + 0.4 * wild(k));
          const values = times.map((_, k) => [wild(k + 0.5), wild(k + 0.25)]);
          const path = make(times, f64(values));
          close(path.at(times), values.flat(), 1e-13);
          const middles = times.slice(1).map((t, k) => (t + times[k]!) / 2);
          const lines = linearPath(times, f64(values));
          if (count === 2) close(path.at(middles), numbers(lines.at(middles)), 1e-14);
          close(
            lines.at(middles),
            middles.flatMap((_, k) => [0, 1].map((c) => (values[k]![c]! + values[k + 1]![c]!) / 2)),
            // Times are rounded to 2⁻⁵³ of themselves, and values change by 10 in a unit of time at most.
            1e-14 + count * 10 * 2 ** -52,
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  test("are smooth as promised: hermitePath once, cubicPath twice", () => {
    const before = (path: Path, k: number, t: number): Tensor =>
      k === 0
        ? path.at(t)
        : vmap((x: Tensor) => grad((s: Tensor) => path.derivative(s).sum())(x))(f64([t])).reshape([1]);
    for (const t of ts.slice(1, -1)) {
      const [left, right] = [t - 1e-9, t + 1e-9];
      close(hermitePath(ts, xs).derivative(left), numbers(hermitePath(ts, xs).derivative(right)), 1e-7);
      close(cubicPath(ts, xs).derivative(left), numbers(cubicPath(ts, xs).derivative(right)), 1e-7);
      close(before(cubicPath(ts, xs), 1, left), numbers(before(cubicPath(ts, xs), 1, right)), 1e-6);
    }
    close(before(cubicPath(ts, xs), 1, 0), [0], 1e-12);
    close(before(cubicPath(ts, xs), 1, 4), [0], 1e-12);
  });

  test("of hermitePath up to a time do not depend on later observations", () => {
    const other = f64(reference.xs.map((x, k) => [k > 2 ? 7 : Number(x)]));
    close(hermitePath(ts, other).at([0.3, 1.2, 1.75]), numbers(hermitePath(ts, xs).at([0.3, 1.2, 1.75])), 0);
  });

  test("increments add up, and go back", () => {
    const path = cubicPath(ts, xs);
    close(path.increment(0.5, 2).add(path.increment(2, 3.5)), numbers(path.increment(0.5, 3.5)), 1e-14);
    close(path.increment(2, 0.5), numbers(path.increment(0.5, 2).neg()), 0);
    expect(numbers(path.breakpoints)).toEqual(ts);
  });

  test("keep the observations' dtype, and are the same on js and wasm", () => {
    expect(linearPath(ts, tensor(xs.arraySync() as number[][])).at(1).dtype).toBe("float32");
    for (const make of Object.values(makers)) {
      const on = (target: ReturnType<typeof js>): number[] =>
        withTarget(target, () => numbers(make(ts, f64(xs.arraySync())).at([0.1, 2.2, 4])));
      const [a, b] = [on(js()), on(wasm())];
      a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThan(1e-15));
    }
  });
});

describe("missing observations", () => {
  const gaps = f64([
    [NaN, 1, NaN],
    [2, NaN, NaN],
    [NaN, NaN, NaN],
    [4, 4, NaN],
    [5, NaN, NaN],
  ]);

  test("are on the line between others of their channel; at the ends equal to the nearest; 0 in a channel without any", () => {
    const lines = [2, 1, 0, 2, 2, 0, 2.75, 2.75, 0, 4, 4, 0, 5, 4, 0];
    for (const make of Object.values(makers)) close(make(ts, gaps).at(ts), lines, 1e-15);
    close(compile((x: Tensor) => linearPath(ts, x).at(1.75))(gaps), [2.75, 2.75, 0], 1e-15);
  });

  test("are the last one before in rectilinearPath", () => {
    const path = rectilinearPath(ts, gaps);
    close(path.at(1.75).slice([1], [3]), [1, 0], 0);
  });

  test("have gradients of those that they are made from", () => {
    const weights = f64([1, 10]);
    const loss = (x: Tensor): Tensor => linearPath([0, 1, 4], x).at([1, 2]).reshape([2]).mul(weights).sum();
    const g = numbers(grad(loss)(f64([[1], [NaN], [5]])));
    // At 1 the value is 3/4 of the first and 1/4 of the last; at 2 half of each.
    [0.75 + 5, 0, 0.25 + 5].forEach((x, i) => expect(g[i]).toBeCloseTo(x, 13));
  });
});

describe("a path", () => {
  test("of a batch, with common times or with times of its own", () => {
    const two = stack([xs, xs.mul(2)], 0);
    const shared = hermitePath(ts, two);
    expect(shared.at(1.5).shape).toEqual([2, 1]);
    expect(shared.at([1.5, 2]).shape).toEqual([2, 2, 1]);
    const own = f64([ts, ts.map((t) => 3 * t)]);
    for (const make of [linearPath, hermitePath, cubicPath]) {
      const both = make(own, two);
      close(both.at(1.5), [make(ts, xs).at(1.5).itemSync(), make(ts, xs).at(0.5).itemSync() * 2], 1e-14);
      close(
        both.derivative(1.5),
        [make(ts, xs).derivative(1.5).itemSync(), (make(ts, xs).derivative(0.5).itemSync() * 2) / 3],
        1e-14,
      );
      expect(both.at([1, 1.5, 2]).shape).toEqual([3, 2, 1]);
    }
  });

  test("is a tree: an argument of compiled and transformed functions", () => {
    const path = cubicPath(ts, xs);
    const end = (p: Path): Tensor => piecewisePath(p).at(2.625).sum();
    expect(compile(end)(path).itemSync()).toBeCloseTo(path.at(2.625).itemSync(), 14);
    const slopes = grad(end as never)(path as never) as unknown as Path;
    expect(slopes.coefficients.map((c) => c.shape)).toEqual(path.coefficients.map((c) => c.shape));
    expect(numbers(slopes.coefficients[0]!)).toEqual([0, 0, 1, 0]);
    expect(Object.isFrozen(path)).toBe(true);
  });

  test.each(Object.entries(makers))(
    "of %s has gradients of observations and their times, in both modes",
    (_name, make) => {
      const loss = (t: Tensor, x: Tensor): Tensor => make(t, x).at([0.25, 1.5, 2.625]).square().sum();
      checkGrads(loss, [f64(ts), xs], { order: 1 });
    },
  );

  test("asked outside is refused, and NaN within programs", () => {
    const path = linearPath(ts, xs);
    expect(() => path.at(4.5)).toThrow("path.at: t = 4.5 is outside the path's [0, 4]; ask within");
    expect(() => path.derivative([1, -1])).toThrow("path.derivative: t = -1 is outside");
    expect(numbers(compile((t: Tensor) => path.at(t))(f64(4.5)))).toEqual([NaN]);
  });

  test("is refused where times do not increase, or shapes do not fit", () => {
    expect(() => linearPath([0, 2, 1], f64([[1], [2], [3]]))).toThrow(
      "linearPath: ts[2] = 1 is not after ts[1] = 2; give finite times that strictly increase",
    );
    expect(() =>
      cubicPath(
        f64([
          [0, 1],
          [1, 1],
        ]),
        f64([
          [[1], [2]],
          [[1], [2]],
        ]),
      ),
    ).toThrow("cubicPath: row 1: ts[1] = 1 is not after");
    expect(() => linearPath([0, 1], f64([1, 2]))).toThrow("linearPath: xs has shape [2]; give […batch, T, channels]");
    expect(() => hermitePath([0, 1, 2], f64([[1], [2]]))).toThrow("hermitePath: ts of shape [3] for xs of [2, 1]");
    expect(() => linearPath([0], f64([[1]]))).toThrow("linearPath: there is 1 time; a path needs two or more");
    expect(() => linearPath([0, 1], tensor([[1], [2]], { dtype: "int32" }))).toThrow("linearPath: xs is int32");
    expect(() => rectilinearPath([0, 1], f64([[1], [2]]), { time: 1 })).toThrow(
      "rectilinearPath: time is 1; give one of the 1 channels",
    );
    expect(() => piecewisePath({ breakpoints: f64([0, 1, 2]), coefficients: [f64([[1]])] })).toThrow(
      "path: coefficients of [1, 1] for breakpoints of [3]",
    );
    expect(() => piecewisePath({} as never)).toThrow("path: a path is { breakpoints, coefficients }");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DType } from "../dtype";
import * as o from "../functions";
import { tensor } from "../functions";
import type { Tensor } from "../tensor";
import { apart, matrices, transposed } from "./testing/matrices";
import { cholesky, det, eigh, expm, inv, logdet, lstsq, lu, qr, solve, svd, triangularSolve } from ".";

const floats = fc.constantFrom<DType>("float32", "float64");
const batches = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 });
const dimensions = fc.integer({ min: 1, max: 6 });

const seeds = fc.integer();
const laws = (law: (seed: number, batch: number[], n: number, dtype: DType) => void): void =>
  fc.assert(fc.property(seeds, batches, dimensions, floats, law), { numRuns: 25 });

describe("laws", () => {
  test("P A = L U, with L unit lower and multipliers of at most 1", () =>
    laws((seed, batch, n, dtype) => {
      const a = matrices(seed, [...batch, n, n], dtype);
      const [permutation, l, u] = lu(a);
      expect(permutation.dtype).toBe("int32");
      const [rows, values, product] = [permutation.dataSync(), a.dataSync(), o.matmul(l, u).dataSync()];
      const bound = dtype === "float32" ? 1e-5 : 1e-14;
      product.forEach((x, i) => {
        const [matrix, row, column] = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n];
        expect(Math.abs(x - values[matrix * n * n + rows[matrix * n + row]! * n + column]!)).toBeLessThan(bound);
      });
      expect(Math.max(0, ...o.abs(l).dataSync())).toBeLessThanOrEqual(1);
    }));

  test("A X = B, for matrices and vectors, and A⁻¹ A = 1", () =>
    laws((seed, batch, n, dtype) => {
      const a = matrices(seed, [...batch, n, n], dtype, 4);
      const b = matrices(seed + 1, [...batch, n, 2], dtype);
      expect(apart(o.matmul(a, solve(a, b)), b)).toBeLessThan(100);
      const v = o.reshape(matrices(seed + 2, [n, 1], dtype), [n]);
      const x = solve(a, v);
      expect(x.shape).toEqual([...batch, n]);
      expect(apart(o.sum(o.mul(a, o.expandDims(x, -2)), -1), o.broadcastTo(v, x.shape))).toBeLessThan(100);
      expect(apart(o.matmul(inv(a), a), o.broadcastTo(o.eye(n, { dtype }), a.shape))).toBeLessThan(100);
    }));

  test("solve broadcasts leading axes", () => {
    const a = matrices(1, [3, 3], "float64", 4);
    const b = matrices(2, [2, 5, 3, 1], "float64");
    expect(apart(o.matmul(o.broadcastTo(a, [2, 5, 3, 3]), solve(a, b)), b)).toBeLessThan(50);
  });

  test("triangular systems are solved in all eight ways, reading one triangle", () =>
    fc.assert(
      fc.property(
        seeds,
        dimensions,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (seed, n, lower, transpose, unitDiagonal) => {
          const a = matrices(seed, [2, n, n], "float64", 3);
          const b = matrices(seed + 1, [2, n, 3], "float64");
          const x = triangularSolve(a, b, { lower, transpose, unitDiagonal });
          const kept = a.dataSync().map((value, i) => {
            const [row, column] = [Math.floor(i / n) % n, i % n];
            if (row === column) return unitDiagonal ? 1 : value;
            return row > column === lower ? value : 0;
          });
          const t = o.reshape(tensor(kept), a.shape);
          expect(apart(o.matmul(transpose ? transposed(t) : t, x), b)).toBeLessThan(1e4);
        },
      ),
      { numRuns: 40 },
    ));

  test("L Lᵀ = A for positive definite A", () =>
    laws((seed, batch, n, dtype) => {
      const root = matrices(seed, [...batch, n, n], dtype, 2);
      const a = o.matmul(root, transposed(root));
      const l = cholesky(a);
      expect(apart(o.matmul(l, transposed(l)), a)).toBeLessThan(200);
    }));

  test("Q R = A, Q orthonormal, the diagonal of R not negative", () =>
    fc.assert(
      fc.property(seeds, batches, dimensions, dimensions, floats, (seed, batch, m, n, dtype) => {
        const a = matrices(seed, [...batch, m, n], dtype);
        const [q, r] = qr(a);
        const k = Math.min(m, n);
        expect(apart(o.matmul(q, r), a)).toBeLessThan(50);
        expect(apart(o.matmul(transposed(q), q), o.broadcastTo(o.eye(k, { dtype }), [...batch, k, k]))).toBeLessThan(
          50,
        );
        r.dataSync().forEach((x, i) => {
          const [row, column] = [Math.floor(i / n) % k, i % n];
          if (row === column) expect(x).toBeGreaterThanOrEqual(0);
          if (row > column) expect(x).toBe(0);
        });
      }),
      { numRuns: 25 },
    ));

  test("A V = V diag w for symmetric A, V orthonormal, w ascending", () =>
    laws((seed, batch, n, dtype) => {
      const half = matrices(seed, [...batch, n, n], dtype);
      const a = o.add(half, transposed(half));
      const [w, v] = eigh(a);
      expect(apart(o.matmul(a, v), o.mul(v, o.expandDims(w, -2)))).toBeLessThan(100);
      expect(apart(o.matmul(transposed(v), v), o.broadcastTo(o.eye(n, { dtype }), a.shape))).toBeLessThan(50);
      const values = w.dataSync();
      values.forEach((x, i) => i % n && expect(x).toBeGreaterThanOrEqual(values[i - 1]!));
    }));

  test("U diag(s) Vᵀ = A, both orthonormal, s descending, also without full rank", () =>
    fc.assert(
      fc.property(seeds, batches, dimensions, dimensions, floats, fc.boolean(), (seed, batch, m, n, dtype, rankOne) => {
        const full = matrices(seed, [...batch, m, n], dtype);
        const a = rankOne
          ? o.mul(full, o.cast(o.equal(full, o.slice(full, [...batch.map(() => 0), 0, 0], [...batch, 1, 1])), dtype))
          : full;
        const [u, s, vt] = svd(a);
        const k = Math.min(m, n);
        const one = o.broadcastTo(o.eye(k, { dtype }), [...batch, k, k]);
        expect(apart(o.matmul(o.mul(u, o.expandDims(s, -2)), vt), a)).toBeLessThan(60);
        expect(apart(o.matmul(transposed(u), u), one)).toBeLessThan(60);
        expect(apart(o.matmul(vt, transposed(vt)), one)).toBeLessThan(60);
        const values = s.dataSync();
        values.forEach((x, i) => i % k && expect(x).toBeLessThanOrEqual(values[i - 1]!));
      }),
      { numRuns: 40 },
    ));

  test("det and logdet agree, and det is multiplicative", () =>
    laws((seed, batch, n, dtype) => {
      const [a, b] = [matrices(seed, [...batch, n, n], dtype, 2), matrices(seed + 1, [...batch, n, n], dtype)];
      const scale = dtype === "float32" ? 1e-3 : 1e-10;
      const [x, y, z] = [det(a).dataSync(), det(b).dataSync(), det(o.matmul(a, b)).dataSync()];
      z.forEach((value, i) => expect(Math.abs(value - x[i]! * y[i]!)).toBeLessThan(scale * (1 + Math.abs(value))));
      const log = logdet(a).dataSync();
      x.forEach((value, i) => expect(Math.abs(Math.log(Math.abs(value)) - log[i]!)).toBeLessThan(scale * 10));
    }));

  test("exp(A) exp(−A) = 1 and exp(A)² = exp(2A), for small and large norms", () =>
    laws((seed, batch, n, dtype) => {
      for (const size of [0.1, 3]) {
        const a = o.mul(matrices(seed, [...batch, n, n], dtype), size);
        const product = o.matmul(expm(a), expm(o.neg(a)));
        const bound = dtype === "float32" ? 2e-2 : 1e-9;
        const most = (x: Tensor, y: Tensor): number => Math.max(0, ...o.abs(o.sub(x, y)).dataSync());
        const grown = Math.max(1, ...o.abs(expm(a)).dataSync()) * Math.max(1, ...o.abs(expm(o.neg(a))).dataSync());
        expect(most(product, o.broadcastTo(o.eye(n, { dtype }), a.shape)) / grown).toBeLessThan(bound);
        const square = o.matmul(expm(a), expm(a));
        expect(most(square, expm(o.mul(a, 2))) / Math.max(1, ...o.abs(square).dataSync())).toBeLessThan(bound);
      }
    }));

  test("lstsq meets the normal equations", () => {
    const a = matrices(5, [2, 6, 3], "float64", 1);
    const b = matrices(6, [2, 6, 2], "float64");
    const rest = o.sub(o.matmul(a, lstsq(a, b)), b);
    expect(apart(o.matmul(transposed(a), rest), o.mul(o.matmul(transposed(a), rest), 0))).toBeLessThan(50);
  });
});

describe("values", () => {
  test("exp of a rotation's generator turns", () => {
    const angle = 40;
    const [c, minus] = [...expm(o.reshape(tensor(Float64Array.of(0, -angle, angle, 0)), [2, 2])).dataSync()];
    expect(c).toBeCloseTo(Math.cos(angle), 12);
    expect(minus).toBeCloseTo(-Math.sin(angle), 12);
  });

  test("exp of a nilpotent matrix is its polynomial, and beyond the reach NaN", () => {
    expect(
      expm(
        tensor([
          [0, 1000],
          [0, 0],
        ]),
      ).arraySync(),
    ).toEqual([
      [1, 1000],
      [0, 1],
    ]);
    expect(
      expm(
        tensor([
          [0, 1000],
          [0, 0],
        ]),
        { maxSquarings: 2 },
      )
        .dataSync()
        .every(Number.isNaN),
    ).toBe(true);
  });

  test("singular matrices: det is 0, logdet −∞, lu exact", () => {
    expect(
      det(
        tensor([
          [1, 2],
          [2, 4],
        ]),
      ).itemSync(),
    ).toBe(0);
    const a = o.reshape(tensor(Array.from({ length: 16 }, (_, i) => (i % 4) + 1)), [4, 4]);
    expect(det(a).itemSync()).toBeCloseTo(0, 12);
    expect(logdet(a).itemSync()).toBe(-Infinity);
    expect(lu(o.zeros([2, 2]))[1].arraySync()).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test("a matrix that is not positive definite has NaN for a factor, others of the batch do not", () => {
    const l = cholesky(
      tensor([
        [
          [1, 2],
          [2, 1],
        ],
        [
          [4, 2],
          [2, 5],
        ],
      ]),
    );
    expect(l.arraySync()).toEqual([
      [
        [NaN, 0],
        [NaN, NaN],
      ],
      [
        [2, 0],
        [1, 2],
      ],
    ]);
  });

  test("the sign of qr and of a permutation's determinant", () => {
    expect(qr(tensor([[-2]])).map((x) => x.arraySync())).toEqual([[[-1]], [[2]]]);
    const swap = o.take(o.eye(4), tensor([1, 0, 2, 3], { dtype: "int32" }), 0);
    expect(det(swap).itemSync()).toBe(-1);
  });

  test("matrices without elements", () => {
    expect(det(o.zeros([0, 0])).itemSync()).toBe(1);
    expect(solve(o.zeros([2, 0, 0]), o.zeros([2, 0, 3])).shape).toEqual([2, 0, 3]);
    expect(expm(o.zeros([0, 0])).shape).toEqual([0, 0]);
  });
});

describe("errors", () => {
  test.each([
    [
      "integers",
      () => det(tensor([[1]], { dtype: "int32" })),
      "linalg.det: takes float32 or float64 matrices, not int32",
    ],
    ["vectors", () => inv(tensor([1, 2])), "linalg.inv: takes matrices, [..., rows, columns], not [2]"],
    [
      "other shapes",
      () => cholesky(o.zeros([2, 3])),
      "linalg.cholesky: takes square matrices, [..., n, n], not [2, 3]",
    ],
    ["other lengths", () => solve(o.eye(2), tensor([1, 2, 3])), "linalg.solve: a right-hand side of shape [3]"],
    ["other batches", () => solve(o.zeros([2, 3, 3]), o.zeros([4, 3, 1])), "do not broadcast"],
    ["wide least squares", () => lstsq(o.zeros([2, 3]), o.zeros([2])), "more unknowns than equations"],
  ])("%s are refused", (_what, act, message) => expect(act).toThrow(message));
});

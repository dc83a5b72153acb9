import fc from "fast-check";
import { expect, test } from "vitest";
import * as o from "../functions";
import { tensor } from "../functions";
import type { DType } from "../dtype";
import type { Tensor } from "../tensor";
import { eigh, svd } from ".";
import { apart, matrices, transposed } from "./testing/matrices";

const floats = fc.constantFrom<DType>("float32", "float64");
const dimensions = fc.integer({ min: 1, max: 6 });

test("eigenvalues and singular values scale with the matrix as far as the dtype reaches", () =>
  fc.assert(
    fc.property(fc.integer(), dimensions, floats, fc.constantFrom(0.95, -0.8), (seed, n, dtype, part) => {
      const scale = 2 ** Math.round(part * (dtype === "float32" ? 126 : 1022));
      const half = matrices(seed, [n, n], dtype);
      const a = o.add(half, transposed(half));
      const far = o.mul(a, scale);
      const [[w, v], [farW, farV]] = [eigh(a), eigh(far)];
      expect(apart(o.div(farW, scale), w)).toBeLessThan(60);
      expect(apart(o.matmul(o.div(far, scale), farV), o.mul(farV, o.expandDims(w, -2)))).toBeLessThan(100);
      expect(apart(o.matmul(transposed(farV), farV), o.matmul(transposed(v), v))).toBeLessThan(60);
      expect(apart(o.div(svd(far)[1], scale), svd(a)[1])).toBeLessThan(60);
    }),
    { numRuns: 25 },
  ));

test.each([2 ** -60, 2 ** -537, 8.1e-98])(
  "singular vectors of values next to nothing, as by %s, are orthonormal",
  (x) => {
    for (const dtype of ["float32", "float64"] as const) {
      const a = tensor(
        [
          [4, -3e-3, 0],
          [0, 4, x],
          [0, 0, 0],
        ],
        { dtype },
      );
      for (const basis of [svd(a)[0], svd(a)[2]])
        expect(apart(o.matmul(transposed(basis), basis), o.eye(3, { dtype }))).toBeLessThan(8);
    }
  },
);

test.each([NaN, Infinity, -Infinity])("of a matrix with %s among its elements eigh and svd give only NaN", (odd) => {
  const sound = [2, 1, 0, 1, 3, 1, 0, 1, 4];
  const spoilt = (at: number): number[] => sound.map((x, i) => (i === at ? odd : x));
  for (const at of [0, 1, 4, 8]) {
    const pair = o.reshape(tensor([...spoilt(at), ...sound], { dtype: "float64" }), [2, 3, 3]);
    const alone = o.reshape(tensor(sound, { dtype: "float64" }), [3, 3]);
    for (const found of [...eigh(pair), ...svd(pair), ...(at < 6 ? svd(o.slice(pair, [0, 0, 0], [2, 2, 3])) : [])])
      expect(o.all(o.isNaN(o.slice(found, [0], [1]))).arraySync()).toBe(true);
    const second = (x: Tensor): unknown => o.reshape(o.slice(x, [1], [2]), x.shape.slice(1)).arraySync();
    expect(eigh(pair).map(second)).toEqual(eigh(alone).map((x) => x.arraySync()));
  }
});

import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, eye, linalg, matmul, mul, random, sin, sum, type Tensor, tensor, transpose } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";

const key = random.key(7);
const matrix = (i: number, shape: readonly number[]): Tensor =>
  random.normal(random.foldIn(key, i), shape, { dtype: "float64" });
const flip = (x: Tensor): Tensor => transpose(x, [...x.shape.slice(0, -2).keys(), x.ndim - 1, x.ndim - 2]);
const wellConditioned = matrix(0, [3, 3]).add(mul(eye(3, { dtype: "float64" }), 4));
const weights = matrix(1, [3, 3]);
const side = matrix(2, [3, 2]);
const scalar = (x: Tensor): Tensor => sum(mul(sin(x), weightsFor(x)));
const weightsFor = (x: Tensor): Tensor => random.normal(key, x.shape, { dtype: "float64" });
const definite = (x: Tensor): Tensor => matmul(x, flip(x)).add(eye(x.shape.at(-1)!, { dtype: "float64" }));
const large = matrix(3, [5, 5]).add(mul(eye(5, { dtype: "float64" }), 3));

const cases: readonly (readonly [string, (x: Tensor) => Tensor, Tensor])[] = [
  ["solve in A", (x) => scalar(linalg.solve(x, side)), wellConditioned],
  ["solve in B", (x) => scalar(linalg.solve(wellConditioned, x)), side],
  ["solve in both", (x) => scalar(linalg.solve(x, mul(x, x))), wellConditioned],
  ["inv", (x) => scalar(linalg.inv(x)), wellConditioned],
  ["det", (x) => linalg.det(x), weights],
  ["det by elimination", (x) => linalg.det(x), large],
  ["logdet", (x) => linalg.logdet(x), large],
  ["lu", (x) => scalar(linalg.lu(x)[1]).add(scalar(linalg.lu(x)[2])), large],
  ["cholesky", (x) => scalar(linalg.cholesky(definite(x))), weights],
  ["triangularSolve", (x) => scalar(linalg.triangularSolve(x, side, { transpose: true })), wellConditioned],
  ["qr", (x) => scalar(linalg.qr(x)[0]).add(scalar(linalg.qr(x)[1])), matrix(4, [4, 3])],
  ["lstsq", (x) => scalar(linalg.lstsq(x, matrix(6, [4]))), matrix(5, [4, 3])],
  ["eigh", (x) => scalar(linalg.eigh(x)[0]).add(scalar(linalg.eigh(x)[1])), matrix(8, [4, 4])],
  [
    "svd",
    (x) =>
      linalg
        .svd(x)
        .map(scalar)
        .reduce((a, b) => a.add(b)),
    matrix(9, [3, 4]),
  ],
  ["expm", (x) => scalar(linalg.expm(x)), weights],
  ["expm of a large norm", (x) => scalar(linalg.expm(x)), mul(weights, 6)],
];

/** (f(x + hv) − f(x − hv)) / 2h, of a number. */
function slope(f: (x: Tensor) => Tensor, x: Tensor, v: Tensor): number {
  const h = 1e-5;
  return (f(x.add(mul(v, h))).itemSync() - f(x.sub(mul(v, h))).itemSync()) / (2 * h);
}
const near = (x: number, y: number): void => expect(Math.abs(x - y)).toBeLessThan(2e-6 * (1 + Math.abs(y)));

describe.each(cases)("%s", (_name, f, x) => {
  const v = random.normal(random.foldIn(key, 99), x.shape, { dtype: "float64" });
  const along = (at: Tensor): Tensor => sum(mul(grad(f)(at), v));

  test("grad and jvp agree with central differences", () => {
    near(along(x).itemSync(), slope(f, x, v));
    near(jvp(f, [x], [v])[1].itemSync(), slope(f, x, v));
  });
  test("so do second derivatives, forward over reverse and reverse over reverse", () => {
    const second = slope(along, x, v);
    near(jvp(along, [x], [v])[1].itemSync(), second);
    near(sum(mul(grad(along)(x), v)).itemSync(), second);
  });
  test("compiled and mapped, it is the same", () => {
    near(compile(f)(x).itemSync(), f(x).itemSync());
    near(compile(along)(x).itemSync(), along(x).itemSync());
    const rows = vmap((s: Tensor) => f(mul(x, s)))(tensor([1, 1.25], { dtype: "float64" })).dataSync();
    near(rows[0]!, f(x).itemSync());
    near(rows[1]!, f(mul(x, 1.25)).itemSync());
  });
});

test("the gradient of a singular matrix's determinant is its cofactors, up to 3 × 3", () => {
  const singular = tensor(
    [
      [1, 2],
      [2, 4],
    ],
    { dtype: "float64" },
  );
  expect(grad(linalg.det)(singular).arraySync()).toEqual([
    [4, -2],
    [-2, 1],
  ]);
});

test("a key may be traced and mapped over", () => {
  const keys = random.split(key, 3);
  const draw = (k: Tensor): Tensor => random.normal(random.foldIn(k, 1), [4]);
  const mapped = vmap(draw)(keys).arraySync() as number[][];
  [0, 1, 2].forEach((i) => {
    const one = keys.slice([i, 0], [i + 1, 2]).reshape([2]);
    expect(mapped[i]).toEqual(draw(one).arraySync());
    expect(compile(draw)(one).arraySync()).toEqual(draw(one).arraySync());
  });
});

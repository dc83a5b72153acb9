import { describe, expect, test } from "vitest";
import type { DType, TypedArray } from "../dtype";
import { allocate } from "../dtype";
import type { TensorLike } from "../literals";
import { js } from "../targets/js";
import type { Target } from "../targets/target";
import { wasm } from "../targets/wasm";
import { Tensor } from "../tensor";
import * as f from ".";
import { derivative } from "./testing/forward";

const nan = NaN;
const inf = Infinity;
const targets: readonly Target[] = [js(), wasm()];

const vector = (target: Target, values: readonly number[], dtype: DType = "float64"): Tensor => {
  const array: TypedArray = allocate(dtype, values.length);
  array.set(values);
  return Tensor.concrete(target.upload(array, dtype, [values.length]), { dtype, shape: [values.length] }, target);
};
const read = (x: Tensor): number[] => Array.from(x.dataSync());

function expectClose(got: Tensor, want: readonly number[], rtol = 1e-14): void {
  const values = read(got);
  expect(values).toHaveLength(want.length);
  values.forEach((value, i) => {
    const w = want[i]!;
    const close = Object.is(value, w) || (Number.isFinite(w) && w !== 0 && Math.abs(value - w) <= rtol * Math.abs(w));
    if (!close) expect(values).toEqual(want);
  });
}

type Unary = (x: TensorLike) => Tensor;
type Row = readonly [name: string, f: Unary, xs: readonly number[], ys: readonly number[]];

const unary: readonly Row[] = [
  ["neg", f.neg, [1, -0, inf, nan], [-1, 0, -inf, nan]],
  ["abs", f.abs, [-1, -0, -inf, nan], [1, 0, inf, nan]],
  ["sign", f.sign, [-2, 3, 0, -0, -inf, nan], [-1, 1, 0, 0, -1, nan]],
  ["exp", f.exp, [0, 1, -inf, inf, nan, 1000], [1, Math.E, 0, inf, nan, inf]],
  ["expm1", f.expm1, [0, 1e-20, -inf], [0, 1e-20, -1]],
  ["log", f.log, [1, 0, -1, inf], [0, -inf, nan, inf]],
  ["log1p", f.log1p, [0, 1e-20, -1], [0, 1e-20, -inf]],
  ["sqrt", f.sqrt, [4, 0, -0, -1, inf], [2, 0, -0, nan, inf]],
  ["rsqrt", f.rsqrt, [4, 0, -1, inf], [0.5, inf, nan, 0]],
  ["square", f.square, [3, -0, -inf], [9, 0, inf]],
  ["floor", f.floor, [1.5, -1.5, -0, inf], [1, -2, -0, inf]],
  ["ceil", f.ceil, [1.5, -1.5, 0.2], [2, -1, 1]],
  ["round", f.round, [0.5, 1.5, 2.5, -0.5, -1.5, 2.4], [0, 2, 2, -0, -2, 2]],
  ["asin", f.asin, [1, 2], [Math.PI / 2, nan]],
  ["erf", f.erf, [0, -0, 1, inf, -inf, nan], [0, -0, 0.8427007929497149, 1, -1, nan]],
  ["erfinv", f.erfinv, [0, 1, -1, 2], [0, inf, -inf, nan]],
  ["sigmoid", f.sigmoid, [0, 100, -100, inf, -inf, nan], [0.5, 1, 3.720075976020836e-44, 1, 0, nan]],
  ["softplus", f.softplus, [0, 100, -100, inf, -inf, nan], [Math.LN2, 100, 3.720075976020836e-44, inf, 0, nan]],
  ["relu", f.relu, [-1, 0, 2, nan], [0, 0, 2, nan]],
  ["gelu", f.gelu, [0, 1, -1, 100, -100], [0, 0.8413447460685429, -0.15865525393145707, 100, -0]],
  ["gelu, approximate", (x) => f.gelu(x, { approximate: true }), [1, 100, -100], [0.8411919906082768, 100, -0]],
  ["silu", f.silu, [0, 1, 100, -100], [0, 0.7310585786300049, 100, -3.720075976020836e-42]],
  ["elu", f.elu, [0, 1, 100, -100, -1e-20], [0, 1, 100, -1, -1e-20]],
  ["elu, alpha 2", (x) => f.elu(x, 2), [1, -100], [1, -2]],
  ["pow 0", (x) => f.pow(x, 0), [0, -2, inf, nan], [1, 1, 1, 1]],
  ["pow 3", (x) => f.pow(x, 3), [-2, 0, inf], [-8, 0, inf]],
  ["pow -2", (x) => f.pow(x, -2), [-2, 0, inf], [0.25, inf, 0]],
  ["pow 0.5", (x) => f.pow(x, 0.5), [4, 0, -1], [2, 0, nan]],
  ["2 to the power", (x) => f.pow(2, x), [3, -1, 0, inf, -inf], [8, 0.5, 1, inf, 0]],
  ["mod 3", (x) => f.mod(x, 3), [4, -1, 3, -3, 0, inf], [1, 2, 0, 0, 0, nan]],
  ["mod -3", (x) => f.mod(x, -3), [4, -1, 3], [-2, -1, -0]],
  ["mod 0", (x) => f.mod(x, 0), [4], [nan]],
  ["div by 0", (x) => f.div(x, 0), [1, -1, 0], [inf, -inf, nan]],
  ["1 divided", (x) => f.div(1, x), [2, -0], [0.5, -inf]],
  ["maximum", (x) => f.maximum(x, 0), [-1, 1, nan, inf], [0, 1, nan, inf]],
  ["minimum", (x) => f.minimum(0, x), [-1, 1, nan, -inf], [-1, 0, nan, -inf]],
  ["clip", (x) => f.clip(x, -1, 1), [-2, 0.5, 2, nan], [-1, 0.5, 1, nan]],
  ["clip above", (x) => f.clip(x, undefined, 1), [-2, 2], [-2, 1]],
  ["less", (x) => f.less(x, 1), [0, 1, 2, nan], [1, 0, 0, 0]],
  ["lessEqual", (x) => f.lessEqual(x, 1), [0, 1, 2, nan], [1, 1, 0, 0]],
  ["greater", (x) => f.greater(x, 1), [0, 1, 2, nan], [0, 0, 1, 0]],
  ["greaterEqual", (x) => f.greaterEqual(x, 1), [0, 1, 2, nan], [0, 1, 1, 0]],
  ["equal", (x) => f.equal(x, 0), [0, -0, 1, nan], [1, 1, 0, 0]],
  ["notEqual", (x) => f.notEqual(x, x), [0, inf, nan], [0, 0, 1]],
  ["isNaN", f.isNaN, [0, inf, nan], [0, 0, 1]],
  ["isFinite", f.isFinite, [0, inf, -inf, nan], [1, 0, 0, 0]],
  ["where", (x) => f.where(f.greater(x, 0), x, -1), [2, -3, nan], [2, -1, -1]],
  ["where of numbers", (x) => f.where(f.greater(x, 0), 1, 2), [2, -3], [1, 2]],
  ["cast to int32", (x) => f.cast(x, "int32"), [1.7, -1.7, 1e20, nan], [1, -1, 2147483647, 0]],
  ["cast to bool", (x) => f.cast(x, "bool"), [0, -0, 0.1, nan], [0, 0, 1, 1]],
];

/** First derivatives at kinks, at the ends of domains, and far out. */
const slopes: readonly Row[] = [
  ["abs", f.abs, [-1, 0, 1], [-1, 0, 1]],
  ["relu", f.relu, [-1, 0, 1], [0, 0, 1]],
  ["maximum", (x) => f.maximum(x, 0), [-1, 0, 1], [0, 0.5, 1]],
  ["minimum", (x) => f.minimum(0, x), [-1, 0, 1], [1, 0.5, 0]],
  ["sqrt", f.sqrt, [0, 4], [inf, 0.25]],
  ["sqrt beyond a mask", (x) => f.where(f.greater(x, 0), f.sqrt(x), 0), [-1, 0, 4], [0, 0, 0.25]],
  ["x²", (x) => f.pow(x, 2), [-3, 0, 3], [-6, 0, 6]],
  ["x⁰", (x) => f.pow(x, 0), [0, 3], [0, 0]],
  ["x⁻¹", (x) => f.pow(x, -1), [0, 2], [-inf, -0.25]],
  ["x^2.5", (x) => f.pow(x, 2.5), [0, 4], [0, 20]],
  ["2ˣ", (x) => f.pow(2, x), [0, 3], [Math.LN2, 8 * Math.LN2]],
  ["0ˣ", (x) => f.pow(f.mul(x, 0), x), [2], [0]],
  ["xˣ at negative", (x) => f.pow(f.stopGradient(x), f.add(f.mul(x, 0), 2)), [-3], [0]],
  ["sigmoid", f.sigmoid, [0, 100, -100], [0.25, 0, 3.720075976020836e-44]],
  ["softplus", f.softplus, [0, 100, -100], [0.5, 1, 3.720075976020836e-44]],
  ["gelu", f.gelu, [0, 100, -100], [0.5, 1, 0]],
  ["elu", f.elu, [-100, 0, 100], [3.720075976020836e-44, 1, 1]],
  ["elu far out", f.elu, [1000, -1000], [1, 0]],
  ["silu", f.silu, [0, 100], [0.5, 1]],
  ["tanh", f.tanh, [0, 100, -100], [1, 0, 0]],
  ["mod", (x) => f.mod(7, x), [3], [-2]],
  ["div", (x) => f.div(1, x), [2], [-0.25]],
  ["floor", f.floor, [0.5], [0]],
  ["stopGradient", (x) => f.mul(f.stopGradient(x), x), [3], [3]],
  ["cast there and back", (x) => f.cast(f.cast(x, "float32"), "float64"), [3], [1]],
  ["clip", (x) => f.clip(x, -1, 1), [-2, -1, 0, 1, 2], [0, 0.5, 1, 0.5, 0]],
  ["atan2", (y) => f.atan2(y, 1), [0, 1], [1, 0.5]],
];

/** Second derivatives. */
const curvatures: readonly Row[] = [
  ["x²", (x) => f.pow(x, 2), [-3, 0], [2, 2]],
  ["x³", (x) => f.pow(x, 3), [-3, 0], [-18, 0]],
  ["x^2 by exp and log", (x) => f.pow(x, f.add(f.mul(f.stopGradient(x), 0), 2)), [-3, 0], [2, 2]],
  ["sigmoid", f.sigmoid, [0, 100], [0, 0]],
  ["tanh", f.tanh, [0], [0]],
  // The inner derivative is multiplied by exactly 0 here, yet is not discarded.
  ["(√x − 2)²", (x) => f.square(f.sub(f.sqrt(x), 2)), [4], [0.125]],
  ["masked √x", (x) => f.where(f.greater(x, 0), f.sqrt(x), 0), [0, 4], [0, -1 / 32]],
  ["masked log", (x) => f.where(f.greater(x, 0), f.log(x), 0), [0, 2], [0, -0.25]],
];

describe.each(targets.map((target) => [target.name, target] as const))("on %s", (_name, target) => {
  test.each(unary)("%s has NumPy's values", (_, fn, xs, ys) => expectClose(fn(vector(target, xs)), ys));

  test.each(slopes)("the derivative of %s", (_, fn, xs, ys) => {
    const got = read(derivative(fn)(vector(target, xs)));
    got.forEach((value, i) =>
      expect(Math.abs(value - ys[i]!) <= 1e-12 || value === ys[i], `${got} for ${ys}`).toBe(true),
    );
  });

  test.each(curvatures)("the second derivative of %s", (_, fn, xs, ys) => {
    const got = read(derivative(derivative(fn))(vector(target, xs)));
    got.forEach((value, i) => expect(Math.abs(value - ys[i]!) <= 1e-12, `${got} for ${ys}`).toBe(true));
  });

  test("integers wrap, and divide as NumPy's", () => {
    const ints = (values: readonly number[]): Tensor => vector(target, values, "int32");
    expect(read(f.add(ints([2147483647]), 1))).toEqual([-2147483648]);
    expect(read(f.mod(ints([-1, 4, 5]), ints([3, -3, 0])))).toEqual([2, -2, 0]);
    expect(read(f.div(ints([1, 3]), 2))).toEqual([0.5, 1.5]);
    expect(read(f.pow(ints([3, -2, 1, -1, 0]), ints([4, 3, -5, -3, 0])))).toEqual([81, -8, 1, -1, 1]);
    expect(read(f.pow(ints([3, -2]), 3))).toEqual([27, -8]);
    expect(read(f.shiftRight(ints([-8]), 1))).toEqual([-4]);
    expect(read(f.not(ints([0])))).toEqual([-1]);
  });

  test("unsigned integers wrap at 2³² and shift in zeros", () => {
    const words = (values: readonly number[]): Tensor => vector(target, values, "uint32");
    expect(read(f.add(words([0xffffffff]), 1))).toEqual([0]);
    expect(read(f.xor(words([0xffff0000]), words([0xff00ff00])))).toEqual([0x00ffff00]);
    expect(read(f.shiftRight(words([0x80000000]), 31))).toEqual([1]);
    expect(read(f.shiftLeft(words([3]), 31))).toEqual([0x80000000]);
    expect(read(f.abs(words([0xffffffff])))).toEqual([0xffffffff]);
    expect(read(f.less(words([1]), words([0xffffffff])))).toEqual([1]);
  });

  test("logic on bool", () => {
    const [a, b] = [vector(target, [0, 0, 1, 1], "bool"), vector(target, [0, 1, 0, 1], "bool")];
    expect(read(f.and(a, b))).toEqual([0, 0, 0, 1]);
    expect(read(f.or(a, b))).toEqual([0, 1, 1, 1]);
    expect(read(f.xor(a, b))).toEqual([0, 1, 1, 0]);
    expect(read(f.not(a))).toEqual([1, 1, 0, 0]);
    expect(read(f.and(a, true))).toEqual([0, 0, 1, 1]);
  });

  test("float32 stays stable at ±100", () => {
    const x = vector(target, [100, -100], "float32");
    for (const fn of [f.sigmoid, f.softplus, f.gelu, f.silu, f.elu, f.tanh, f.relu]) {
      expect(read(fn(x)).every(Number.isFinite)).toBe(true);
      expect(read(derivative(fn)(x)).every(Number.isFinite)).toBe(true);
      expect(read(derivative(derivative(fn))(x)).every(Number.isFinite)).toBe(true);
    }
  });
});

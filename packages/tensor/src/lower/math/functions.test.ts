import { describe, expect, test } from "vitest";
import { mathOf } from "../../targets/js/math";
import { type Engine, engineOf, plainEngine } from "../../targets/wasm/engine";
import { wasmModule } from "../../targets/wasm/module";
import type { Emitter, MathFunction, Value } from "../emitter";
import { accuracy, accuracyOfDecay } from "./accuracy";
import { powerOfNegative } from "./exponential";
import { mathFunctions } from "./functions";
import { references, ulps } from "./testing/references";
import { draw, stream } from "./testing/samples";

type Float = "float32" | "float64";
const names = Object.keys(mathFunctions) as MathFunction[];
const dtypes = ["float32", "float64"] as const;
const arrayOf = { float32: Float32Array, float64: Float64Array };

type Rule = (k: Emitter, ...args: Value[]) => Value;

/** Of each rounding apart, and with products fused with sums where this engine has that. */
const modes = [
  ["", plainEngine],
  [", as fast as this engine can", engineOf(false)],
] as const;
const kinds = dtypes.flatMap((dtype) => modes.map(([how, engine]) => [dtype, how, engine] as const));

/** Runs one function on arrays of arguments, as WebAssembly. */
const compute = (
  engine: Engine,
  name: MathFunction,
  dtype: Float,
  ...args: readonly (readonly number[])[]
): ArrayLike<number> =>
  run(engine, (k, ...taken) => k.math(name, ...taken), dtype, args.slice(0, mathFunctions[name].arguments));

function run(engine: Engine, rule: Rule, dtype: Float, given: readonly (readonly number[])[]): ArrayLike<number> {
  const module = wasmModule(engine);
  const handle = module.declare("map", 1);
  const bytes = dtype === "float32" ? 4 : 8;
  const count = given[0]!.length;
  const stride = count * 8;
  module.define(handle, (k, [length]) =>
    k.loop(length!, (i) => {
      const at = k.mul(i, k.literal("int32", bytes));
      const args = given.map((_, j) => k.load(dtype, at, j * stride));
      k.store(dtype, at, 2 * stride, rule(k, ...args));
    }),
  );
  module.export(handle, "map");
  const memory = new WebAssembly.Memory({ initial: 1 + Math.ceil((3 * stride) / 65536), maximum: 65536 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  given.forEach((xs, j) => new arrayOf[dtype](memory.buffer, j * stride, count).set(xs));
  (instance.exports.map as (count: number) => void)(count);
  return new arrayOf[dtype](memory.buffer, 2 * stride, count);
}

/** Arguments of `dtype` at which the reference is finite and not 0. */
function samples(name: MathFunction, dtype: Float, count: number): [number, number][] {
  const random = stream(count + name.length);
  const rounded = (x: number): number => (dtype === "float32" ? Math.fround(x) : x);
  const closed = name === "asin" || name === "acos" || name === "erfinv";
  return Array.from({ length: count }, () => draw(name, dtype, random).map(rounded) as [number, number]).filter(
    ([x, y]) =>
      x !== 0 &&
      Number.isFinite(x) &&
      Number.isFinite(y) &&
      !(closed && Math.abs(x) === 1) &&
      !(name === "log" && x === 1) &&
      !(name === "log1p" && x === -1) &&
      !(name === "pow" && x === 1) &&
      !(name === "atan2" && y === 0),
  );
}

/** The largest error, and where it is. */
function worst(
  name: MathFunction,
  dtype: Float,
  pairs: readonly [number, number][],
  got: ArrayLike<number>,
): { ulp: number; at: string } {
  let result = { ulp: 0, at: "" };
  pairs.forEach(([x, y], i) => {
    const ulp = ulps(got[i]!, references[name](x, y), dtype);
    if (ulp > result.ulp) result = { ulp, at: `${name}(${x}, ${y}) = ${got[i]}` };
  });
  return result;
}

describe.each(kinds)("elementary functions in %s%s", (dtype, _how, engine) => {
  test.each(names)("%s is as accurate as the table says", (name) => {
    const pairs = samples(name, dtype, name === "erfinv" ? 400 : 1500);
    const got = compute(
      engine,
      name,
      dtype,
      pairs.map(([x]) => x),
      pairs.map(([, y]) => y),
    );
    const { ulp, at } = worst(name, dtype, pairs, got);
    expect(ulp, at).toBeLessThanOrEqual(accuracy[name][dtype]);
  });

  test("pow is, where errors of its logarithm count most", () => {
    const random = stream(5);
    const rounded = (x: number): number => (dtype === "float32" ? Math.fround(x) : x);
    const ends = dtype === "float32" ? [-87, 88] : [-708, 709];
    const pairs = Array.from({ length: 2000 }, (_, i): [number, number] => {
      const x = rounded((i % 2 === 0 ? Math.SQRT2 : Math.SQRT1_2) * (1 + (random() - 0.5) / 20));
      return [x, rounded((ends[i % 3 === 0 ? 0 : 1]! * (1 - random() / 50)) / Math.log(x))];
    });
    const [xs, ys] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
    const { ulp, at } = worst("pow", dtype, pairs, compute(engine, "pow", dtype, xs, ys));
    expect(ulp, at).toBeLessThanOrEqual(accuracy.pow[dtype]);
  });

  test("the shorter exponential of what is nowhere positive is as accurate as the table says", () => {
    const random = stream(17);
    const least = dtype === "float32" ? -126 * Math.LN2 : -1022 * Math.LN2;
    const rounded = (x: number): number => (dtype === "float32" ? Math.fround(x) : x);
    const xs = Array.from({ length: 4000 }, (_, i) => rounded(random() * (i % 2 === 0 ? -1 : least)));
    const pairs = xs.map((x): [number, number] => [x, 0]);
    const { ulp, at } = worst("exp", dtype, pairs, run(engine, powerOfNegative, dtype, [xs]));
    expect(ulp, at).toBeLessThanOrEqual(accuracyOfDecay[dtype]);
    const limits = [0, -0, -5e-324, 2 * least, -1e30, -Infinity, NaN].map(rounded);
    expect(Array.from(run(engine, powerOfNegative, dtype, [limits]))).toEqual([1, 1, 1, 0, 0, 0, NaN]);
  });
});

test.each(names)("the oracle's %s is within 3 units", (name) => {
  const pairs = samples(name, "float64", 200);
  const { ulp, at } = worst(
    name,
    "float64",
    pairs,
    pairs.map(([x, y]) => mathOf(name)(x, y)),
  );
  expect(ulp, at).toBeLessThanOrEqual(3);
});

const values = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, Infinity, -Infinity, NaN, 5e-324, -5e-324, 1e300, -1e300];
const odd = ["expm1", "log1p", "sin", "tan", "asin", "atan", "sinh", "tanh", "erf", "erfinv"] as const;

describe.each(kinds)("special values in %s%s", (dtype, _how, engine) => {
  const one = (name: MathFunction, x: number, y = 0): number => compute(engine, name, dtype, [x], [y])[0]!;

  test.each(odd)("%s keeps zeros with their signs and the smallest numbers", (name) => {
    const least = dtype === "float32" ? 2 ** -149 : 5e-324;
    expect(Array.from(compute(engine, name, dtype, [0, -0, least, -least, NaN], []))).toEqual([
      0,
      -0,
      least,
      -least,
      NaN,
    ]);
  });

  test("limits", () => {
    const inf = Infinity;
    expect([
      one("exp", inf),
      one("exp", -inf),
      one("exp", 1000),
      one("exp", -1000),
      one("exp", NaN),
      one("exp", -0),
    ]).toEqual([inf, 0, inf, 0, NaN, 1]);
    expect([one("expm1", inf), one("expm1", -inf), one("expm1", -1000)]).toEqual([inf, -1, -1]);
    expect([one("log", 0), one("log", -0), one("log", -1), one("log", inf), one("log", 1)]).toEqual([
      -inf,
      -inf,
      NaN,
      inf,
      0,
    ]);
    expect([one("log1p", -1), one("log1p", -2), one("log1p", inf)]).toEqual([-inf, NaN, inf]);
    for (const name of ["sin", "cos", "tan"] as const)
      expect([one(name, inf), one(name, -inf), one(name, NaN)]).toEqual([NaN, NaN, NaN]);
    for (const name of ["asin", "acos", "erfinv"] as const)
      expect([one(name, 1.5), one(name, -inf)]).toEqual([NaN, NaN]);
    expect([one("acos", 1), one("cos", 0), one("cosh", inf), one("cosh", -inf), one("cosh", 0)]).toEqual([
      0,
      1,
      inf,
      inf,
      1,
    ]);
    expect([one("sinh", inf), one("sinh", -inf), one("tanh", inf), one("tanh", -inf)]).toEqual([inf, -inf, 1, -1]);
    expect([one("erf", inf), one("erf", -inf), one("erfinv", 1), one("erfinv", -1)]).toEqual([1, -1, inf, -inf]);
  });

  test.each(["pow", "atan2"] as const)("%s has the special cases of C99 for every pair of extremes", (name) => {
    const rounded = values.map((x) => (dtype === "float32" ? Math.fround(x) : x));
    const pairs = rounded.flatMap((x) => rounded.map((y): [number, number] => [x, y]));
    const got = compute(
      engine,
      name,
      dtype,
      pairs.map(([x]) => x),
      pairs.map(([, y]) => y),
    );
    pairs.forEach(([x, y], i) => {
      const exact = mathOf(name)(x, y);
      const wanted = dtype === "float32" ? Math.fround(exact) : exact;
      if (!Number.isFinite(wanted) || wanted === 0) expect(got[i], `${name}(${x}, ${y})`).toBe(wanted);
      else
        expect(Math.abs(got[i]! / wanted - 1), `${name}(${x}, ${y})`).toBeLessThan(dtype === "float32" ? 3e-7 : 5e-16);
    });
  });
});

import { js, ops, type Tensor, tensor } from "@dzdt/tensor";
import { ulpOf, uniforms } from "@dzdt/tensor/testing";
import { expect, test } from "vitest";
import { gpu } from "./webgpu-target";

const count = 4000;

/** What every function is held to, in units in the last place of the exact result. */
const bound = 4;

/** Arguments that a function is tried on: uniform in an interval, or powers of ten of such exponents. */
interface Tried {
  readonly name: string;
  readonly f: (x: Tensor) => Tensor;
  readonly low: number;
  readonly high: number;
  readonly powers: boolean;
}

const tried = (name: string, f: Tried["f"], low: number, high: number, powers = false): Tried => ({
  name,
  f,
  low,
  high,
  powers,
});

const functions: readonly Tried[] = [
  tried("exp", ops.exp, -87, 88),
  tried("expm1", ops.expm1, -20, 20),
  tried("log", ops.log, -37, 38, true),
  tried("log1p", ops.log1p, -0.99, 10),
  tried("sin", ops.sin, -100, 100),
  tried("sin of large angles", ops.sin, 3, 38, true),
  tried("cos", ops.cos, -100, 100),
  tried("cos of large angles", ops.cos, 3, 38, true),
  tried("tan", ops.tan, -100, 100),
  tried("tan of large angles", ops.tan, 3, 38, true),
  tried("asin", ops.asin, -1, 1),
  tried("acos", ops.acos, -1, 1),
  tried("atan", ops.atan, -10, 10),
  tried("sinh", ops.sinh, -80, 80),
  tried("cosh", ops.cosh, -80, 80),
  tried("tanh", ops.tanh, -10, 10),
  tried("erf", ops.erf, -4, 4),
  tried("sqrt", ops.sqrt, -37, 38, true),
  tried("pow 2.5", (x) => ops.pow(x, 2.5), -14, 15, true),
  tried("sigmoid", ops.sigmoid, -80, 80),
];

test.for(functions)("$name in single precision", async ({ f, low, high, powers }, { annotate }) => {
  const target = await gpu();
  const random = uniforms(1);
  const xs = Float32Array.from({ length: count }, () => {
    const x = low + (high - low) * random();
    return powers ? 10 ** x : x;
  });
  const exact = f(tensor(Float64Array.from(xs), { target: js() })).dataSync();
  const found = await f(tensor(xs, { target })).data();
  let worst = 0;
  let at = 0;
  exact.forEach((y, i) => {
    if (!Number.isFinite(Math.fround(y)) || Math.abs(y) < 2 ** -126) return;
    const error = Math.abs(found[i]! - y) / ulpOf(y, "float32");
    if (!(error <= worst)) [worst, at] = [error, i];
  });
  // Reporters that tell each test tell this too.
  await annotate(`${worst.toFixed(2)} ulp at ${xs[at]}`);
  expect(worst, `at ${xs[at]}`).toBeLessThanOrEqual(bound);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { compile, js, mod, type Tensor, tensor, wasm, withTarget } from "../../index";

const arrays = { float32: Float32Array, float64: Float64Array } as const;
const dtypes = ["float32", "float64"] as const;

/** x − y ⌊x/y⌋, from the remainder of the host language, which is exact. */
function expected(x: number, y: number, dtype: (typeof dtypes)[number]): number {
  const rest = x % y;
  if (rest === 0) return y < 0 || Object.is(y, -0) ? -0 : 0;
  const moved = rest < 0 === y < 0 ? rest : rest + y;
  return dtype === "float32" ? Math.fround(moved) : moved;
}

function check(dtype: (typeof dtypes)[number], pairs: readonly (readonly [number, number])[]): void {
  const [xs, ys] = [arrays[dtype].from(pairs.map(([x]) => x)), arrays[dtype].from(pairs.map(([, y]) => y))];
  const wanted = Array.from(xs, (x, i) => expected(x, ys[i]!, dtype));
  for (const target of [wasm(), js()]) {
    const found = withTarget(target, () => compile((x: Tensor, y: Tensor) => mod(x, y))(tensor(xs), tensor(ys)));
    expect(Array.from(found.dataSync())).toEqual(wanted);
  }
}

const limits = [0, -0, 1, -3, 0.1, Infinity, -Infinity, NaN, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308];
const extremes = [...limits, 2 ** -149, 2 ** -126, 3.4028234663852886e38, 2 ** 21, 2 ** 24 + 2, 2 ** 53];

test.each(dtypes)("remainders of %s are exact at every pair of extremes", (dtype) =>
  check(
    dtype,
    extremes.flatMap((x) => extremes.map((y): [number, number] => [x, y])),
  ),
);

test.each(dtypes)("remainders of %s are exact for any numbers, and close to multiples", (dtype) => {
  const number = dtype === "float32" ? fc.float({ noNaN: true }) : fc.double({ noNaN: true });
  const factor = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.double({ min: 1, max: 2 ** 60, noNaN: true }));
  const near = fc
    .tuple(number, factor, fc.constantFrom(-1, 0, 1))
    .map(([y, n, off]): [number, number] => [y * n * (1 + off * (dtype === "float32" ? 2 ** -23 : 2 ** -52)), y]);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.tuple(number, number), near), { minLength: 1, maxLength: 70 }), (pairs) =>
      check(dtype, pairs),
    ),
    { numRuns: 200 },
  );
});

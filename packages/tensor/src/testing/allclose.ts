import { isFloat } from "../dtype";
import { printShape, sameShape } from "../shape";
import type { Tensor } from "../tensor";
import type { Tolerance } from "./tolerances";

/** How far numbers may be apart: in ulps, or |found − expected| ≤ atol + rtol |expected|. */
export type Closeness = Tolerance | { readonly rtol?: number; readonly atol?: number };

/** The distance from |x| to the next larger number of the dtype. */
export function ulpOf(x: number, dtype: "float32" | "float64"): number {
  const [digits, least] = dtype === "float32" ? [23, 2 ** -149] : [52, 2 ** -1074];
  if (!Number.isFinite(x) || x === 0) return least;
  return Math.max(least, 2 ** (Math.floor(Math.log2(Math.abs(x))) - digits));
}

/**
 * What is wrong with `found`, in a sentence with figures; undefined if nothing is. NaN equals NaN, infinities must have the same sign,
 * dtypes and shapes must be the same. Zeros are equal whatever their sign.
 */
export function difference(found: Tensor, expected: Tensor, close: Closeness = {}): string | undefined {
  if (found.dtype !== expected.dtype || !sameShape(found.shape, expected.shape))
    return `found ${found.dtype}${printShape(found.shape)}, expected ${expected.dtype}${printShape(expected.shape)}`;
  const [a, b] = [found.dataSync(), expected.dataSync()];
  const { dtype } = expected;
  const largest = Math.max(0, ...Array.from(b, Math.abs).filter(Number.isFinite));
  const allowed = (y: number): number => {
    if (!isFloat(dtype)) return 0;
    if ("ulps" in close)
      return close.ulps && close.ulps * ulpOf(close.of === "tensor" ? largest : y, dtype as "float32" | "float64");
    return (close.atol ?? 0) + (close.rtol ?? 0) * Math.abs(y);
  };
  let [wrong, worst, at] = [0, -1, 0];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const error = Number.isFinite(x) && Number.isFinite(y) ? Math.abs(x - y) : Infinity;
    if (error <= allowed(y)) continue;
    wrong++;
    if (error > worst) [worst, at] = [error, i];
  }
  if (wrong === 0) return undefined;
  const ulps = isFloat(dtype) ? `, ${(worst / ulpOf(b[at]!, dtype as "float32" | "float64")).toPrecision(3)} ulp` : "";
  return (
    `${wrong} of ${b.length} elements of ${dtype}${printShape(expected.shape)} differ; the worst is element ${at}: ` +
    `found ${a[at]}, expected ${b[at]} (error ${worst}${ulps}; allowed ${allowed(b[at]!)})`
  );
}

/** Whether tensors agree. */
export const allclose = (found: Tensor, expected: Tensor, close?: Closeness): boolean =>
  difference(found, expected, close) === undefined;

/** @throws Error with the figures when tensors differ. */
export function assertClose(found: Tensor, expected: Tensor, close?: Closeness, what = "assertClose"): void {
  const wrong = difference(found, expected, close);
  if (wrong !== undefined) throw new Error(`${what}: ${wrong}`);
}

import { expect } from "vitest";
import { allocate, type DType } from "../../dtype";
import * as o from "../../functions";
import { tensor } from "../../functions";
import type { Tensor } from "../../tensor";

/** Matrices with elements in [−1, 1] from a seed; `dominant` adds to the diagonal, which keeps them well conditioned. */
export function matrices(seed: number, shape: readonly number[], dtype: DType, dominant = 0): Tensor {
  const values = allocate(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  );
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  let state = seed >>> 0;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    const row = Math.floor(i / columns) % rows;
    values[i] = (state >>> 8) / 2 ** 23 - 1 + (row === i % columns ? dominant : 0);
  }
  return o.reshape(tensor(values), shape);
}

export const transposed = (x: Tensor): Tensor =>
  o.transpose(x, [...x.shape.slice(0, -2).keys(), x.ndim - 1, x.ndim - 2]);

/** The largest difference, in units of the dtype's rounding. */
export function apart(x: Tensor, y: Tensor): number {
  expect(x.shape).toEqual(y.shape);
  const [a, b] = [[...x.dataSync()], y.dataSync()];
  const epsilon = x.dtype === "float32" ? 2 ** -23 : 2 ** -52;
  return a.reduce(
    (most: number, value, i) => Math.max(most, Number.isNaN(value) ? Infinity : Math.abs(value - b[i]!) / epsilon),
    0,
  );
}

import { type Nested, tensor, type Tensor } from "@dzdt/tensor";
import { expect } from "vitest";

export const f64 = (values: Nested): Tensor => tensor(values, { dtype: "float64" });

export const numbers = (x: Tensor): number[] => Array.from(x.dataSync());

/** Component `i` of a vector, a scalar. */
export const at = (y: Tensor, i: number): Tensor => y.slice([i], [i + 1]).reshape([]);

export const last = (ys: Tensor): Tensor => ys.slice([ys.shape[0]! - 1], [ys.shape[0]!]).reshape(ys.shape.slice(1));

export const first = (x: Tensor, count: number): Tensor => x.slice([0], [count]);

/** The largest difference. */
export const distance = (x: readonly number[], y: readonly number[]): number =>
  Math.max(...x.map((value, i) => Math.abs(value - y[i]!)));

/** What the error says that a call throws. */
export function message(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}

/** All numbers differ by no more than `tolerance`. */
export function close(
  actual: Tensor | readonly number[],
  expected: readonly (string | number)[],
  tolerance: number,
): void {
  const values = Array.isArray(actual) ? (actual as readonly number[]) : numbers(actual as Tensor);
  expect(values).toHaveLength(expected.length);
  values.forEach((x, i) => {
    const far = Math.abs(x - Number(expected[i]!));
    expect(far, `entry ${i}: ${x} and ${expected[i]!}`).toBeLessThanOrEqual(tolerance);
  });
}

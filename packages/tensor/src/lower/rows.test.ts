import { expect, test } from "vitest";
import type { DType } from "../dtype";
import { layRows } from "./rows";

const rows = (dtype: DType, ...shape: number[]): { dtype: DType; shape: number[] } => ({ dtype, shape: [9, ...shape] });

test("rows of an iteration lie side by side, in words of their own, long ones from multiples of 16 bytes on", () => {
  expect(layRows([rows("bool"), rows("float32"), rows("bool", 3), rows("float64"), rows("float32", 5)])).toEqual({
    within: [0, 4, 8, 16, 32],
    stride: 64,
  });
  expect(layRows(Array.from({ length: 10 }, () => rows("float32")))).toMatchObject({ stride: 48 });
  expect(layRows([])).toEqual({ within: [], stride: 0 });
});

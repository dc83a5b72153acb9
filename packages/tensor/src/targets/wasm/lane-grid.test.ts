import { describe, expect, test } from "vitest";
import { byteSize } from "../../dtype";
import type { Value } from "../../lower/emitter";
import { instantiate, read, write } from "./testing/lanes";

describe.each([
  ["float32", 4, 4],
  ["float64", 2, 4],
  ["int32", 4, 1],
  ["float32", 3, 5],
] as const)("a grid of %s with rows of %i lanes, %i of them", (dtype, columns, rows) => {
  const size = byteSize(dtype);
  const values = Array.from({ length: 400 }, (_, i) => i + 1);

  test("is read and written along rows, along columns, and at any distance", () => {
    const steps = [
      [20, 1],
      [1, 20],
      [3, 7],
      [1, 0],
      [0, 1],
      [-2, 1],
    ] as const;
    steps.forEach(([down, along]) => {
      const { run, view } = instantiate((k) => {
        const lanes = k.lanes(rows * columns)!;
        const int = (n: number): Value => k.literal("int32", n);
        const [row, column] = lanes.grid!(int(5), int(2), columns);
        const at = lanes.sub(lanes.add(lanes.mul(row, int(down * size)), lanes.mul(int(along * size), column)), int(0));
        lanes.store(dtype, lanes.ramp(int(8192), size), 0, lanes.load(dtype, lanes.add(int(1024), at), 8));
        lanes.store(dtype, lanes.add(int(16384), at), 8, lanes.load(dtype, lanes.ramp(int(1024), size), 0));
      });
      write(view, dtype, 1024, values);
      run();
      const positions = Array.from({ length: rows * columns }, (_, lane) => {
        const [row, column] = [5 + Math.floor(lane / columns), 2 + (lane % columns)];
        return row * down + column * along + 8 / size;
      });
      expect(read(view, dtype, 8192, positions.length)).toEqual(
        positions.map((i) => read(view, dtype, 1024 + i * size, 1)[0]),
      );
      const last = new Map(positions.map((i, lane) => [i, lane + 1]));
      for (const [i, value] of last) expect(read(view, dtype, 16384 + i * size, 1)).toEqual([value]);
    });
  });

  test("is a number like any other in the rest of arithmetic", () => {
    const { run, view } = instantiate((k) => {
      const lanes = k.lanes(rows * columns)!;
      const int = (n: number): Value => k.literal("int32", n);
      const [row, column] = lanes.grid!(int(5), int(2), columns);
      const product = lanes.mul(row, column);
      const sum = lanes.add(lanes.neg(lanes.shiftLeft(row, int(2))), lanes.rem(column, int(3)));
      const chosen = lanes.select(
        lanes.less(column, int(4)),
        lanes.add(row, lanes.ramp(int(1), 3)),
        lanes.sub(int(9), column),
      );
      [product, sum, chosen].forEach((value, j) => lanes.store("int32", lanes.ramp(int(8192 * (j + 1)), 4), 0, value));
    });
    run();
    const each = Array.from({ length: rows * columns }, (_, lane) => {
      const [row, column] = [5 + Math.floor(lane / columns), 2 + (lane % columns)];
      return [row * column, -4 * row + (column % 3), column < 4 ? row + 1 + 3 * lane : 9 - column];
    });
    for (const j of [0, 1, 2])
      expect(read(view, "int32", 8192 * (j + 1), each.length)).toEqual(each.map((of) => of[j]));
  });
});

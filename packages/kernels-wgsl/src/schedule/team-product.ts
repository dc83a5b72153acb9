import { byteSize } from "@dzdt/tensor";
import type { MatmulSpec, Value } from "@dzdt/tensor/lower";
import type { WgslEmitter } from "../wgsl/emit";

/** Members of a team, and what each of them runs. */
interface Team {
  readonly size: number;
  each(length: number, body: (k: WgslEmitter, position: Value) => void): void;
}

/** Sides of the squares of a result of which each member computes one at a time, largest first. */
const sides = [4, 2, 1];

/** A product in squares: what is read for one is used for all its elements. */
export function shareProduct(team: Team, { dtype, m, n, k: depth, a, b, c, accumulate }: MatmulSpec): void {
  // Large squares leave members of the team without work where the result is small; those that add to it must not overlap.
  const fitting = sides.find((each) => Math.ceil(m / each) * Math.ceil(n / each) >= team.size);
  const side = accumulate ? 1 : (fitting ?? 1);
  const [high, wide] = [Math.min(side, m), Math.min(side, n)];
  const across = Math.ceil(n / wide);
  team.each(Math.ceil(m / high) * across, (k, square) => {
    const int = (value: number): Value => k.literal("int32", value);
    const size = byteSize(dtype);
    const at = (base: Value, row: Value, rowStride: number, column: Value, columnStride: number): Value =>
      k.add(base, k.mul(k.add(k.mul(row, int(rowStride)), k.mul(column, int(columnStride))), int(size)));
    // Squares at the ends lie so that they end with the result: some elements are computed twice.
    const first = (number: Value, length: number, side: number): Value =>
      k.min(k.mul(number, int(side)), int(length - side));
    const row = first(k.div(square, int(across)), m, high);
    const column = first(k.rem(square, int(across)), n, wide);
    const count = (length: number): readonly number[] => Array.from({ length }, (_, j) => j);
    const rows = count(high).map((r) => k.add(row, int(r)));
    const columns = count(wide).map((s) => k.add(column, int(s)));
    const results = rows.map((i) => columns.map((j) => at(c.address, i, c.rowStride, j, 1)));
    const sums = results.map((line) =>
      line.map((to) => k.variable(accumulate ? k.load(dtype, to, 0) : k.literal(dtype, 0))),
    );
    k.loop(depth, (p) => {
      const left = rows.map((i) => k.load(dtype, at(a.address, i, a.rowStride, p, a.columnStride), 0));
      const right = columns.map((j) => k.load(dtype, at(b.address, p, b.rowStride, j, b.columnStride), 0));
      sums.forEach((line, r) => line.forEach((sum, s) => sum.set(k.add(sum.get(), k.mul(left[r]!, right[s]!)))));
    });
    sums.forEach((line, r) => line.forEach((sum, s) => k.store(dtype, results[r]![s]!, 0, sum.get())));
  });
}

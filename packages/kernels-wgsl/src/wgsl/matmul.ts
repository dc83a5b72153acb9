import { byteSize } from "@dzdt/tensor";
import type { MachineEmitter, MatmulSpec, Value } from "@dzdt/tensor/lower";

/** A product as three loops of one invocation; large products have kernels of their own. */
export function emitMatmul(k: MachineEmitter, { dtype, m, n, k: depth, a, b, c, accumulate }: MatmulSpec): void {
  const int = (value: number): Value => k.literal("int32", value);
  const size = byteSize(dtype);
  const at = (base: Value, row: Value, rowStride: number, column: Value, columnStride: number): Value => {
    const position = k.add(k.mul(row, int(rowStride)), k.mul(column, int(columnStride)));
    return k.add(base, k.mul(position, int(size)));
  };
  k.loop(m, (i) =>
    k.loop(n, (j) => {
      const to = at(c.address, i, c.rowStride, j, 1);
      const sum = k.variable(accumulate ? k.load(dtype, to, 0) : k.literal(dtype, 0));
      k.loop(depth, (p) => {
        const left = k.load(dtype, at(a.address, i, a.rowStride, p, a.columnStride), 0);
        const right = k.load(dtype, at(b.address, p, b.rowStride, j, b.columnStride), 0);
        sum.set(k.add(sum.get(), k.mul(left, right)));
      });
      k.store(dtype, to, 0, sum.get());
    }),
  );
}

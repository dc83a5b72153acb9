import fc from "fast-check";
import { expect, test } from "vitest";
import { wasmModule } from "./module";

const arrayOf = { float32: Float32Array, float64: Float64Array };

test("matmul agrees with the definition for all sizes, strides and dtypes", () => {
  const size = fc.integer({ min: 0, max: 19 });
  const problem = fc.record({
    dtype: fc.constantFrom("float32" as const, "float64" as const),
    m: size,
    n: size,
    k: size,
    pad: fc.integer({ min: 0, max: 3 }),
    transposed: fc.boolean(),
    accumulate: fc.boolean(),
  });
  fc.assert(
    fc.property(problem, ({ dtype, m, n, k, pad, transposed, accumulate }) => {
      const [aRow, aColumn] = transposed ? [1, m + pad] : [k + pad, 1];
      const [bRow, cRow] = [n + pad, n + 2 * pad];
      const module = wasmModule();
      const handle = module.declare("matmul", 3);
      module.define(handle, (e, [a, b, c]) =>
        e.matmul({
          dtype,
          m,
          n,
          k,
          a: { address: a!, rowStride: aRow, columnStride: aColumn },
          b: { address: b!, rowStride: bRow },
          c: { address: c!, rowStride: cRow },
          accumulate,
        }),
      );
      module.export(handle, "matmul");
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
      const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
      const count = 600;
      const bytes = count * (dtype === "float32" ? 4 : 8);
      const [a, b, c] = [0, 1, 2].map((i) => new arrayOf[dtype](memory.buffer, i * bytes, count));
      // Small integers, for which sums are exact in any order; c is poisoned where the product must not write.
      for (let i = 0; i < count; i++) [a![i], b![i], c![i]] = [((i * 7) % 11) - 5, ((i * 5) % 13) - 6, i % 9];
      const wanted = Array.from(c!);
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let sum = accumulate ? wanted[i * cRow + j]! : 0;
          for (let l = 0; l < k; l++) sum += a![i * aRow + l * aColumn]! * b![l * bRow + j]!;
          wanted[i * cRow + j] = sum;
        }
      (instance.exports.matmul as (...at: number[]) => void)(0, bytes, 2 * bytes);
      expect(Array.from(c!)).toEqual(wanted);
    }),
    { numRuns: 300 },
  );
});

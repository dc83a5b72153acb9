import fc from "fast-check";
import { expect, test } from "vitest";
import { matmulPanel } from "../../lower/machine";
import { type Engine, engineOf, plainEngine } from "./engine";
import { wasmModule } from "./module";

const arrayOf = { float32: Float32Array, float64: Float64Array };

/** How an operand of rows × columns lies in memory: its strides. */
type Layout = (rows: number, columns: number, pad: number) => readonly [row: number, column: number];

const layouts: Record<string, Layout> = {
  rows: (_, columns, pad) => [columns + pad, 1],
  columns: (rows, _, pad) => [1, rows + pad],
  neither: (_, columns, pad) => [2 * columns + pad, 2],
};

interface Problem {
  readonly dtype: "float32" | "float64";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly pad: number;
  readonly a: string;
  readonly b: string;
  readonly accumulate: boolean;
  /** Another array is added to what is complete. */
  readonly plus: boolean;
}

const problems = (size: fc.Arbitrary<number>, depth: fc.Arbitrary<number>): fc.Arbitrary<Problem> =>
  fc.record({
    dtype: fc.constantFrom("float32" as const, "float64" as const),
    m: size,
    n: size,
    k: depth,
    pad: fc.integer({ min: 0, max: 3 }),
    a: fc.constantFrom(...Object.keys(layouts)),
    b: fc.constantFrom(...Object.keys(layouts)),
    accumulate: fc.boolean(),
    plus: fc.boolean(),
  });

/** Runs the product on operands filled by `value`; gives all of the memory before the panel, and what it should be. */
function solve(problem: Problem, value: (i: number) => number, engine: Engine): { found: number[]; wanted: number[] } {
  const { dtype, m, n, k, pad, accumulate } = problem;
  const [aRow, aColumn] = layouts[problem.a]!(m, k, pad);
  const [bRow, bColumn] = layouts[problem.b]!(k, n, pad);
  const cRow = n + 2 * pad;
  const bytes = arrayOf[dtype].BYTES_PER_ELEMENT;
  const extent = (rows: number, columns: number, row: number, column: number): number =>
    (rows - 1) * row + (columns - 1) * column + 1;
  const aAt = 3;
  const bAt = aAt + Math.max(0, extent(m, k, aRow, aColumn)) + 3;
  const cAt = bAt + Math.max(0, extent(k, n, bRow, bColumn)) + 3;
  const plusAt = cAt + m * cRow + 3;
  const end = plusAt + m * cRow + 3;
  const module = wasmModule(engine);
  const handle = module.declare("matmul", 5);
  module.define(handle, (e, [a, b, c, panel, plus]) =>
    e.matmul({
      dtype,
      m,
      n,
      k,
      a: { address: a!, rowStride: aRow, columnStride: aColumn },
      b: { address: b!, rowStride: bRow, columnStride: bColumn },
      c: { address: c!, rowStride: cRow },
      panel: panel!,
      accumulate,
      plus: problem.plus ? plus : undefined,
    }),
  );
  module.export(handle, "matmul");
  const pages = Math.ceil((end * bytes + matmulPanel.steps * matmulPanel.stepBytes) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  const all = new arrayOf[dtype](memory.buffer, 0, end);
  all.forEach((_, i) => (all[i] = value(i)));
  const wanted = all.slice();
  const one = new arrayOf[dtype](2);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      one[0] = accumulate ? wanted[cAt + i * cRow + j]! : 0;
      for (let p = 0; p < k; p++) {
        one[1] = all[aAt + i * aRow + p * aColumn]! * all[bAt + p * bRow + j * bColumn]!;
        one[0] += one[1];
      }
      if (problem.plus) one[0] += wanted[plusAt + i * cRow + j]!;
      wanted[cAt + i * cRow + j] = one[0]!;
    }
  (instance.exports.matmul as (...at: number[]) => void)(...[aAt, bAt, cAt, end, plusAt].map((at) => at * bytes));
  return { found: Array.from(all), wanted: Array.from(wanted) };
}

const check = (problem: Problem, value: (i: number) => number, engine: Engine): void => {
  const { found, wanted } = solve(problem, value, engine);
  expect(found).toEqual(wanted);
};

// Small integers, for which sums are exact in any order and any rounding.
const integer = (i: number): number => ((i * 7) % 11) - 5;
const small = fc.integer({ min: 0, max: 19 });
const engines = [
  ["multiplying, then adding", plainEngine],
  ["as fast as this engine can", engineOf(false)],
] as const;

test.each(engines)(
  "%s: agrees with the definition for all sizes, strides and dtypes; neighbours are left alone",
  (_, engine) => {
    fc.assert(
      fc.property(problems(small, small), (problem) => check(problem, integer, engine)),
      { numRuns: 300 },
    );
  },
);

test.each(engines)("%s: large products, in blocks and from panels", (_, engine) => {
  const size = fc.constantFrom(1, 2, 5, 16, 33, 64);
  fc.assert(
    fc.property(problems(size, fc.constantFrom(1, 127, 128, 256, 257, 513, 770)), (problem) =>
      check(problem, integer, engine),
    ),
    { numRuns: 60 },
  );
  const large = { pad: 0, a: "rows", b: "rows", accumulate: false, plus: true } as const;
  check({ ...large, dtype: "float32", m: 40, n: 512, k: 300 }, integer, engine);
  check({ ...large, dtype: "float64", m: 300, n: 9, k: 257, accumulate: true }, integer, engine);
  check({ ...large, dtype: "float64", m: 9, n: 300, k: 257, a: "columns", b: "columns" }, integer, engine);
});

test.each(engines)("%s: NaN and infinities go where they belong", (_, engine) => {
  const value = (i: number): number =>
    i % 37 === 5 ? NaN : i % 41 === 7 ? Infinity : i % 43 === 9 ? -Infinity : integer(i);
  fc.assert(
    fc.property(problems(small, small), (problem) => check(problem, value, engine)),
    { numRuns: 200 },
  );
});

test("without fused products every form adds in the order of k, each product and sum rounded", () => {
  const value = (i: number): number => Math.sin(i * i + 1);
  // A single dot product alone is summed in lanes.
  const ordered = problems(small, fc.constantFrom(0, 1, 2, 3, 17, 130, 600)).filter(({ m, n }) => m * n !== 1);
  fc.assert(
    fc.property(ordered, (problem) => check(problem, value, plainEngine)),
    { numRuns: 200 },
  );
  // A row, or a column, and a large matrix that is read from end to end.
  for (const dtype of ["float32", "float64"] as const)
    for (const [accumulate, plus] of [
      [false, false],
      [true, false],
      [false, true],
    ] as const) {
      const large = { dtype, k: 605, pad: 1, accumulate, plus };
      check({ ...large, m: 1, n: 70, a: "rows", b: "rows" }, value, plainEngine);
      check({ ...large, m: 70, n: 1, a: "columns", b: "rows" }, value, plainEngine);
      check({ ...large, m: 70, n: 1, a: "rows", b: "rows" }, value, plainEngine);
    }
});

test("a dot product is nearer than sums in order have to be", () => {
  for (const dtype of ["float32", "float64"] as const)
    for (const k of [15, 16, 17, 31, 64, 1000]) {
      const value = (i: number): number => Math.sin(i * i + 1);
      const problem: Problem = {
        dtype,
        m: 1,
        n: 1,
        k,
        pad: 0,
        a: "rows",
        b: "columns",
        accumulate: false,
        plus: false,
      };
      for (const [, engine] of engines) {
        const { found } = solve(problem, value, engine);
        const products = Array.from({ length: k }, (_, p) => found[3 + p]! * found[6 + k + p]!);
        const exact = products.reduce((sum, x) => sum + x, 0);
        const size = products.reduce((sum, x) => sum + Math.abs(x), 0);
        const rounding = dtype === "float32" ? 2 ** -24 : 2 ** -52;
        expect(Math.abs(found[9 + 2 * k]! - exact)).toBeLessThan((k / 8 + 8) * rounding * size);
      }
    }
});

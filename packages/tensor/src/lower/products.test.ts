import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compile,
  type Compiled,
  type DType,
  fori,
  js,
  ops,
  scan,
  type Target,
  type Tensor,
  tensor,
  wasm,
  withTarget,
} from "../index";
import { threaded } from "../targets/wasm/testing/threaded";

type F = (...ins: Tensor[]) => readonly Tensor[];

/** Numbers in (−1, 1) that look random. */
function numbers(shape: readonly number[], dtype: DType = "float32", seed = 1): Tensor {
  let state = seed;
  const values = Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
  return ops.reshape(tensor(values, { dtype }), shape);
}

const compiled = (f: F): Compiled<F> => compile(f);
const bits = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });

/** Results of a compiled program, or of operations that run one by one. */
const on = (target: Target, f: F, make: () => readonly Tensor[], apart = false): unknown[] =>
  withTarget(target, () => (apart ? f : compiled(f))(...make()).map(bits));

const targets = [wasm(), wasm({ deterministic: true })];

/** A compiled function gives the bits that its operations give one by one. */
function agrees(f: F, make: () => readonly Tensor[], apart: F = f): void {
  for (const target of targets) expect(on(target, f, make)).toEqual(on(target, apart, make, true));
}

/** The lines of `inspect` that say what the code of a function computes: the kind of each piece, and what of it. */
function code(f: F, ...ins: Tensor[]): string[] {
  const lines = compiled(f)
    .inspect(...ins)
    .split("\n");
  const table = lines.slice(lines.findIndex((line) => line.startsWith("code ")) + 1);
  return table.flatMap((line) => {
    const [, kind, nodes] = /^(\s*\S+).*? {2,}(%.*?) {2,}/.exec(line) ?? [];
    return kind ? [`${kind.replace(",", "")} ${nodes!.replace(/%\d+ /g, "")}`] : [];
  });
}

const layer = (x: Tensor, w: Tensor, b: Tensor): Tensor => x.matmul(w).add(b).relu();

describe("a loop over rows takes in", () => {
  test("the products of a network, with what stands between them", () => {
    const f: F = (x, w, b, v) => [layer(x, w, b).matmul(v)];
    expect(code(f, numbers([1024, 3]), numbers([3, 64]), numbers([64]), numbers([64, 3]))).toEqual([
      "rows contract",
      "  product contract",
      "  map broadcast, add, relu",
      "  product contract",
    ]);
  });

  test("products of a batch, each of them a row", () => {
    expect(code((x, y) => [x.matmul(y).relu()], numbers([64, 20, 20]), numbers([64, 20, 20]))).toEqual([
      "rows relu",
      "  product contract",
      "  map relu",
    ]);
  });

  test("no product that needs all rows of what the loop makes", () => {
    const f: F = (x, w) => [x.matmul(x.matmul(w).relu())];
    const make = (): Tensor[] => [numbers([160, 160]), numbers([160, 160], "float32", 2)];
    expect(code(f, ...make())).toEqual(["rows relu", "  product contract", "  map relu", "product contract"]);
    agrees(f, make);
  });

  test("layers in the body of a loop, which is given biases as they are", () => {
    const f: F = (x, w, b) => [fori(3, (_, y: Tensor) => layer(y, w, b), x)];
    expect(code(f, numbers([260, 64]), numbers([64, 64]), numbers([64]))).toEqual([
      "loop loop",
      "  rows relu",
      "    product contract",
      "    map broadcast, add, relu",
    ]);
  });

  test("nothing where all of it is small", () => {
    const f: F = (x, w, b) => [layer(x, w, b)];
    expect(code(f, numbers([20, 3]), numbers([3, 50]), numbers([50]))).toEqual([
      "product contract",
      "map broadcast, add, relu",
    ]);
  });
});

describe("a product adds another array to its sums", () => {
  test("as gradients are gathered", () => {
    const f: F = (total, x, z) => [total.add(ops.einsum("bi,bj->ij", x, z))];
    for (const b of [3, 256, 700])
      expect(code(f, numbers([8, 9]), numbers([b, 8]), numbers([b, 9]))).toEqual(["product contract, add"]);
  });

  test("but only where nothing else reads the product, or computes with the sum", () => {
    const make = (): Tensor[] => [numbers([8, 8]), numbers([8, 9], "float32", 2), numbers([9, 8], "float32", 3)];
    const more: F = (c, x, y) => [c.add(x.matmul(y)).mul(2)];
    const both: F = (c, x, y) => [c.add(x.matmul(y)), x.matmul(y)];
    const twice: F = (_, x, y) => [x.matmul(y).add(x.matmul(y))];
    expect(code(more, ...make())).toEqual(["product contract", "map add, broadcast, mul"]);
    expect(code(both, ...make())).toEqual(["product contract", "map add"]);
    expect(code(twice, ...make())).toEqual(["product contract", "map add"]);
    for (const f of [more, both, twice]) agrees(f, make);
  });

  test("in a loop that carries them", () => {
    const gather = (sum: Tensor, x: Tensor, z: Tensor): Tensor => sum.add(x.transpose().matmul(z));
    const loop: F = (x, z) =>
      scan((sum: Tensor, [x, z]: Tensor[]) => [gather(sum, x!, z!), sum], ops.zeros([7, 5]), [x, z]);
    const apart: F = (x, z) => {
      const sums = [ops.zeros([7, 5])];
      for (let i = 0; i < 6; i++) sums.push(gather(sums[i]!, x.take(i, 0), z.take(i, 0)));
      return [sums[6]!, ops.stack(sums.slice(0, 6))];
    };
    agrees(loop, () => [numbers([6, 30, 7]), numbers([6, 30, 5], "float32", 2)], apart);
  });

  test("a sum of one term, or of none", () => {
    const f: F = (c, x, y) => [c.add(x.matmul(y))];
    for (const k of [0, 1, 40]) agrees(f, () => [numbers([1, 1]), numbers([1, k]), numbers([k, 1], "float32", 2)]);
  });
});

test("a product reads its operands as they are, transposed or not", () => {
  const [x, y] = [numbers([5, 7]), numbers([5, 6])];
  expect(code((x, y) => [x.transpose().matmul(y)], x, y)).toEqual(["product contract"]);
  expect(code((x, y) => [y.transpose().matmul(x)], x, y)).toEqual(["product contract"]);
  const scores: F = (q, k) => [q.transpose([0, 2, 1, 3]).matmul(k.transpose([0, 2, 1, 3]).transpose([0, 1, 3, 2]))];
  const heads = (): Tensor[] => [numbers([2, 10, 3, 8]), numbers([2, 9, 3, 8], "float32", 2)];
  expect(code(scores, ...heads())).toEqual(["product contract"]);
  agrees(scores, heads);
  // Free axes in another order are results in another order.
  const turned: F = (x, w) => [x.transpose([1, 0, 2]).matmul(w)];
  expect(code(turned, numbers([4, 3, 5]), numbers([5, 6]))).toEqual(["map transpose", "product contract"]);
  agrees(turned, () => [numbers([4, 3, 5]), numbers([5, 6])]);
});

describe("axes that do not merge to rows, columns and one sum", () => {
  const forms: Readonly<Record<string, readonly (readonly number[])[]>> = {
    "ijk,jl->ilk": [
      [20, 24, 18],
      [24, 17],
    ],
    "ijk,lkj->il": [
      [18, 24, 20],
      [16, 20, 24],
    ],
    "ijk,jil->kl": [
      [20, 18, 24],
      [18, 20, 17],
    ],
    "xjy,jk->xky": [
      [5, 30, 33],
      [30, 40],
    ],
    "aibj,icjd->abcd": [
      [6, 16, 5, 16],
      [16, 7, 16, 6],
    ],
  };
  const make = (spec: string, dtype: DType): Tensor[] => forms[spec]!.map((shape, j) => numbers(shape, dtype, j + 1));
  const product =
    (spec: string): F =>
    (x, y) => [ops.einsum(spec, x, y)];

  test("are loops around products of those that do", () => {
    for (const spec of Object.keys(forms))
      expect(code(product(spec), ...make(spec, "float32"))[0], spec).toBe("product contract");
  });

  test("give what the interpreter gives, but for rounding", () => {
    for (const spec of Object.keys(forms))
      for (const dtype of ["float32", "float64"] as const) {
        const [found, wanted] = [wasm(), js()].map((target) =>
          withTarget(target, () => product(spec)(...make(spec, dtype))[0]!.dataSync()),
        );
        const digits = dtype === "float32" ? 4 : 12;
        found!.forEach((x, j) => expect(x, spec).toBeCloseTo(wanted![j]!, digits));
      }
  });

  test("keep the order of sums when transposes are taken in", () => {
    const f: F = (x, y) => [
      ops.contract(x.transpose([1, 0, 2]), y.transpose([2, 1, 0]), {
        axes: [
          [0, 1],
          [1, 2],
        ],
      }),
    ];
    const ins = (): Tensor[] => [numbers([30, 12, 20]), numbers([30, 12, 25], "float32", 2)];
    expect(code(f, ...ins())).toEqual(["product contract"]);
    agrees(f, ins);
  });

  test("of matrices that are small, or sums that lie side by side, are left to the rule for elements", () => {
    expect(code(product("ijk,lkj->il"), numbers([2, 3, 4]), numbers([5, 4, 3]))).toEqual(["map contract"]);
    expect(code(product("ij,ij->j"), numbers([40, 30]), numbers([40, 30]))).toEqual(["map contract"]);
    agrees(product("ij,ij->j"), () => [numbers([40, 30]), numbers([40, 30], "float32", 2)]);
  });

  test("do without sums where there is nothing to add", () => {
    agrees(product("ijk,lkj->il"), () => [numbers([30, 0, 40]), numbers([30, 40, 0])]);
  });

  test("shared by several threads", () => {
    const ins = (): Tensor[] => [numbers([64, 48, 96]), numbers([48, 80], "float32", 2)];
    expect(on(threaded(3), product("ijk,jl->ilk"), ins)).toEqual(on(wasm(), product("ijk,jl->ilk"), ins));
  });
});

/** A step of a chain: of z, and of what has its shape, a row of its length, and a column. */
const steps: Readonly<Record<string, (z: Tensor, like: Tensor, row: Tensor, column: Tensor) => Tensor>> = {
  relu: (z) => z.relu(),
  scale: (z) => z.mul(0.75),
  bias: (z, _, row) => z.add(row),
  residual: (z, like) => z.add(like),
  gate: (z, like) => z.mul(like),
  square: (z) => z.mul(z),
  column: (z, _like, _row, column) => z.sub(column),
  mean: (z) => z.sub(z.sum(-1, { keepDims: true }).mul(1 / 64)),
};

const networks = fc.record({
  dtype: fc.constantFrom<DType>("float32", "float64"),
  batch: fc.constantFrom<readonly number[]>([], [3]),
  batched: fc.boolean(),
  rows: fc.integer({ min: 150, max: 400 }),
  depth: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 50, max: 70 }),
  last: fc.constantFrom(0, 1, 3, 9),
  turned: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  first: fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 4 }),
  second: fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 2 }),
  gathers: fc.boolean(),
});

type Network = typeof networks extends fc.Arbitrary<infer N> ? N : never;

/** Products with chains after them, operands transposed or not; and the product of the first operand's transpose and the last result, added up. */
function networkOf(net: Network): { f: F; make: () => Tensor[] } {
  const { dtype, batch, rows, depth, width, last, turned, first, second } = net;
  const matrix = (m: number, n: number, turn: boolean, lead: readonly number[], seed: number): Tensor =>
    numbers([...lead, ...(turn ? [n, m] : [m, n])], dtype, seed);
  const seen = (x: Tensor, turn: boolean): Tensor =>
    turn ? x.transpose([...batch.keys(), x.ndim - 1, x.ndim - 2]) : x;
  const own = net.batched ? batch : [];
  const plain = (x: Tensor, turn: boolean): Tensor => (turn ? x.transpose([...own.keys(), x.ndim - 1, x.ndim - 2]) : x);
  const chain = (names: readonly string[], z: Tensor, [like, row, column]: readonly Tensor[]): Tensor =>
    names.reduce((z, name) => steps[name]!(z, like!, row!, column!), z);
  const beside = (n: number, seed: number): Tensor[] => [
    numbers([...batch, rows, n], dtype, seed),
    numbers([n], dtype, seed + 1),
    numbers([...batch, rows, 1], dtype, seed + 2),
  ];
  const end = last === 0 ? width : last;
  const make = (): Tensor[] => [
    matrix(rows, depth, turned[0], batch, 1),
    matrix(depth, width, turned[1], own, 2),
    matrix(width, end, turned[2], own, 3),
    numbers([...batch, depth, end], dtype, 4),
    ...beside(width, 5),
    ...beside(end, 8),
  ];
  const f: F = (x0, w0, v0, total, ...others) => {
    const [x, w, v] = [seen(x0, turned[0]), plain(w0, turned[1]), plain(v0, turned[2])];
    const hidden = chain(first, x.matmul(w), others.slice(0, 3));
    const out = last === 0 ? hidden : chain(second, hidden.matmul(v), others.slice(3));
    const sums = total.add(x.transpose([...batch.keys(), x.ndim - 1, x.ndim - 2]).matmul(out));
    return net.gathers ? [sums, out] : [out];
  };
  return { f, make };
}

describe("results have the bits that they have node by node", () => {
  test("of chains after products", () => {
    fc.assert(
      fc.property(networks, (net) => {
        const { f, make } = networkOf(net);
        agrees(f, make);
      }),
      { numRuns: 20 },
    );
  });

  test("in the bodies of loops", () => {
    const step = (x: Tensor, y: Tensor, w: Tensor, b: Tensor): Tensor => layer(y, w, b).mul(0.25).add(x);
    const times = (count: number, f: (y: Tensor) => Tensor, y: Tensor): Tensor => {
      for (let i = 0; i < count; i++) y = f(y);
      return y;
    };
    agrees(
      (x, w, b) => [fori(3, (_, y: Tensor) => step(x, y, w, b), x)],
      () => [numbers([260, 64]), numbers([64, 64], "float32", 2), numbers([64], "float32", 3)],
      (x, w, b) => [times(3, (y) => step(x, y, w, b), x)],
    );
  });

  test("where carries change places", () => {
    const next = (a: Tensor, b: Tensor): Tensor[] => [b, a.add(b.matmul(a).mul(0.1)), a];
    const f: F = (x, y) => fori(3, (_, [a, b]: Tensor[]) => next(a!, b!), [x, y, y]);
    const apart: F = (x, y) => {
      let carries = [x, y, y];
      for (let i = 0; i < 3; i++) carries = next(carries[0]!, carries[1]!);
      return carries;
    };
    agrees(f, () => [numbers([40, 40]), numbers([40, 40], "float32", 2)], apart);
  });

  test("with several threads", () => {
    fc.assert(
      fc.property(networks, (net) => {
        const { f, make } = networkOf({ ...net, rows: 9 * net.rows, depth: 16 * net.depth });
        expect(on(threaded(3), f, make)).toEqual(on(wasm(), f, make));
      }),
      { numRuns: 4 },
    );
  });
});

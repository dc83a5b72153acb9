import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type DType,
  dtypes,
  evaluate,
  isFloat,
  js,
  linalg,
  ops as o,
  ProgramCache,
  random,
  real,
  type Shape,
  type Target,
  Tensor,
  tensor,
  trace,
  wasm,
} from "./index";
import { sample } from "./testing";

type F = (x: Tensor, y: Tensor) => Tensor | readonly Tensor[];

/** What the operations of a function give when each is run by itself. */
function oneByOne(f: F, x: Tensor, y: Tensor): Tensor[] {
  const { target } = x;
  const { tape, captured } = trace("f", (a, b) => [f(a, b)].flat(), [x.aval, y.aval], { target });
  const values: Tensor[] = [];
  tape.inputs.forEach((id, k) => (values[id] = [x, y, ...captured][k]!));
  for (const { id, value } of tape.literals) values[id] = Tensor.scalar(value, tape.avals[id]!.dtype, target);
  for (const { op, ins, outs, attributes } of tape.nodes) {
    const results = evaluate(
      op,
      ins.map((id) => values[id]!),
      attributes,
    );
    outs.forEach((id, k) => (values[id] = results[k]!));
  }
  return tape.outputs.map((id) => values[id]!);
}

/** Type, shape and bits; all that is not a number is alike. */
const seen = (x: Tensor): string => {
  const values = x.dataSync().map((v) => (Number.isNaN(v) ? NaN : v));
  return `${x.dtype}[${x.shape.join()}] ${Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("hex")}`;
};

const kept = { keepDims: true };
const key = ({ target }: Tensor): Tensor => random.key(3, { target });

const ofAny: Readonly<Record<string, F>> = {
  mean: (x) => o.mean(x),
  "mean of rows": (x) => o.mean(x, -1, kept),
  variance: (x) => o.variance(x, undefined, { ddof: 1 }),
  std: (x) => o.std(x, [0], kept),
  softmax: (x) => o.softmax(x),
  "softmax, of null": (x) => o.softmax(x, null as never),
  logSoftmax: (x) => o.logSoftmax(x, 0),
  "norm, 2": (x) => o.norm(x, -1),
  "norm, 1": (x) => o.norm(x, undefined, { ord: 1 }),
  "norm, ∞": (x) => o.norm(x, 0, { ord: Infinity, ...kept }),
  "sum and its axis": (x) => o.sum(x, 0, kept),
  any: (x) => o.any(x, -1),
  all: (x) => o.all(x),
  argmax: (x) => o.argmax(x, undefined, kept),
  cumsum: (x) => o.cumsum(x),
  sort: (x) => o.sort(x, 0),
  gelu: (x) => o.gelu(x),
  "gelu, approximate": (x) => o.gelu(x, { approximate: true }),
  silu: (x) => o.silu(x),
  elu: (x) => o.elu(x, 0.3),
  clip: (x) => o.clip(x, -0.5, 1),
  "clip by tensors": (x, y) => o.clip(x, o.minimum(x, y), y),
  isNaN: (x) => o.isNaN(x),
  isFinite: (x) => o.isFinite(x),
  greater: (x, y) => o.greater(x, y),
  notEqual: (x, y) => o.notEqual(x, y),
  where: (x, y) => o.where(x, y, 0),
  add: (x, y) => o.add(x, y),
  div: (x, y) => o.div(x, y),
  outer: (x, y) => o.outer(x, y),
  matmul: (x, y) => o.matmul(x, o.reshape(y, [-1]).slice([0], [x.shape.at(-1)!])),
  dot: (x) => o.dot(x, o.transpose(x)),
  einsum: (x) => o.einsum("...i,...i->...", x, x),
  tile: (x) => o.tile(x, [2, 1]),
  split: (x) => o.split(x, [1, x.shape.at(-1)! - 1], -1),
  slice: (x) => o.slice(x, [0], [-1]),
  stack: (x) => o.stack([x, x, x], -1),
  concat: (x, y) => o.concat([x, o.broadcastTo(y, x.shape)]),
  pad: (x) => o.pad(x, 1, 2),
  take: (x) => o.take(x, [0, -1, 1]),
  gather: (x) => o.gather(x, [0, 1], -1),
};

const ofMatrices: Readonly<Record<string, F>> = {
  det: (x) => linalg.det(x),
  logdet: (x) => linalg.logdet(x),
  inv: (x) => linalg.inv(x),
  solve: (x, y) => linalg.solve(x, y),
  lu: (x) => linalg.lu(x),
  cholesky: (x) => linalg.cholesky(o.add(o.matmul(x, linalg.inv(x)), x)),
  eigh: (x) => linalg.eigh(x),
  svd: (x) => linalg.svd(x),
  lstsq: (x, y) => linalg.lstsq(x, y),
  triangularSolve: (x, y) => linalg.triangularSolve(x, y, { lower: false }),
  expm: (x) => linalg.expm(x, { maxSquarings: 3 }),
  conv1d: (x, y) => o.conv1d(o.expandDims(x, 0), o.reshape(y, [1, x.shape[0]!, 1])),
  "scatterAdd of a number": (x) => o.scatterAdd(x, [0, 0], 0.5),
  "random.normal": (x) => random.normal(key(x), x.shape),
  "random.uniform": (x) => random.uniform(key(x), x.shape, { min: -2, max: 0.5 }),
  "random.uniform between tensors": (x, y) => random.uniform(key(x), x.shape, { min: y, max: x }),
  "random.truncatedNormal": (x, y) => random.truncatedNormal(key(x), y, 2.5, x.shape, { dtype: x.dtype }),
  "random.split": (x) => random.split(key(x), 3),
  "random.foldIn": (x) => random.foldIn(key(x), 2 ** 40 + 1),
  "random.bernoulli": (x) => random.bernoulli(key(x), 0.3, x.shape),
  "random.categorical": (x) => random.categorical(key(x), x),
  "random.permutation": (x) => random.permutation(key(x), x),
};

const shapes: readonly (readonly [Shape, Shape])[] = [
  [[2], [2]],
  [
    [3, 4],
    [3, 4],
  ],
  [[2, 5], [5]],
  [
    [4, 1, 3],
    [1, 3],
  ],
  [
    [3, 130],
    [3, 130],
  ],
  [[9, 33], []],
];
const targets: Readonly<Record<string, Target>> = { js: js(), wasm: wasm() };
const names = fc.constantFrom(...Object.keys(targets));

const errorOr = <R>(f: () => R): R | string => {
  try {
    return f();
  } catch (error) {
    return String(error);
  }
};

describe("a function of several operations", () => {
  const expectAlike = (f: F, x: Tensor, y: Tensor): void => {
    const parts = errorOr(() => oneByOne(f, x, y).map(seen));
    expect(errorOr(() => [f(x, y)].flat().map(seen))).toEqual(parts);
    // Again, when its program is known.
    expect(errorOr(() => [f(x, y)].flat().map(seen))).toEqual(parts);
  };

  test.each(Object.entries(ofAny))("has the bits, types and errors of its operations one by one: %s", (_name, f) => {
    fc.assert(
      fc.property(
        fc.constantFrom(...shapes),
        fc.constantFrom<DType>("float32", "float64", ...dtypes),
        fc.constantFrom<DType>("float32", "float64", ...dtypes),
        names,
        fc.nat(1000),
        ([first, second], dtype, other, name, seed) => {
          const target = targets[name]!;
          expectAlike(f, sample(real, dtype, first, seed, target), sample(real, other, second, seed + 1, target));
        },
      ),
      { numRuns: 25 },
    );
  });

  test.each(Object.entries(ofMatrices))("as it has of matrices and random numbers: %s", (_name, f) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(...dtypes.filter(isFloat)),
        names,
        fc.nat(1000),
        (n, dtype, name, seed) => {
          const target = targets[name]!;
          expectAlike(f, sample(real, dtype, [n, n], seed, target), sample(real, dtype, [n], seed + 1, target));
        },
      ),
      { numRuns: 10 },
    );
  });

  test("is told from the same with other options, whatever was called before", () => {
    const x = sample(real, "float64", [3, 3], 1, wasm());
    const axis = [0];
    const option = { keepDims: true };
    const before = seen(o.mean(x, axis, option));
    axis[0] = 1;
    expect(seen(o.mean(x, axis, option))).toBe(seen(o.mean(x, 1, kept)));
    expect(seen(o.mean(x, 1, kept))).not.toBe(before);
    option.keepDims = false;
    expect(o.mean(x, axis, option).shape).toEqual([3]);
    for (const wrong of [null, [], { keepdims: true }, 3])
      expect(() => o.mean(x, axis, wrong as never)).toThrow(/^mean: /);
    for (const wrong of [null, 2, [0, 0], "0", 0.5, {}])
      expect(() => o.mean(x, wrong as never)).toThrow(/^(mean|sum): ax/);
  });

  test("is one program, which serves for all numbers that a user gives", () => {
    const programs = new ProgramCache();
    const x = sample(real, "float32", [3, 4], 1, Object.freeze({ ...wasm(), programs }));
    const added = (f: () => unknown): number => {
      const before = programs.size;
      f();
      return programs.size - before;
    };
    expect(added(() => o.norm(x))).toBe(1);
    expect(added(() => o.norm(x))).toBe(0);
    expect(added(() => o.clip(x, 0, 1))).toBe(1);
    expect(added(() => [2, 3, 4].map((k) => o.clip(x, -k, k)))).toBe(0);
    expect(added(() => [2, 3, 4].map((k) => o.elu(x, k)))).toBe(1);
    expect(added(() => [2, 3, 4].map((k) => o.where(x, k, k + 0.5)))).toBe(1);
  });

  test("is its operations to a tape", () => {
    const { tape } = trace("f", (x) => [o.notEqual(x, 0), o.mean(x)], [{ dtype: "float32", shape: [4] }]);
    expect(tape.nodes.map(({ op }) => op.name)).toEqual(["broadcast", "equal", "not", "sum", "div"]);
  });

  test("shares memory where it gives what it was given, as a view of that does", () => {
    for (const same of [
      (x: Tensor): Tensor => o.slice(x, [], []),
      (x: Tensor): Tensor => o.tile(x, [1]),
      (x: Tensor): Tensor => o.split(x, 1)[0]!,
      (x: Tensor): Tensor => o.einsum("i", x),
    ]) {
      const x = tensor([1, 2, 3]).add(0);
      const y = same(x);
      expect(y.arraySync()).toEqual([1, 2, 3]);
      y.dispose();
      expect(() => x.dataSync()).toThrow(/disposed/);
    }
    const x = tensor([1, 2]).add(0);
    o.mean(x).dispose();
    expect(x.arraySync()).toEqual([1, 2]);
    x.dispose();
    expect(() => o.mean(x)).toThrow(/^mean: a float32\[2\] tensor was disposed/);
  });
});

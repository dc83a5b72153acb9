import { describe, expect, test } from "vitest";
import { type DType, byteSize, dtypes, isFloat, isInteger } from "../../dtype";
import type { Emitter, Value } from "../../lower/emitter";
import type { MachineEmitter } from "../../lower/machine";
import { type BinaryOp, type UnaryOp, comparisons } from "../../lower/math/scalar";
import { JsEmitter } from "../js/emit";
import { wasmModule } from "./module";

type Rule = (k: Emitter, args: readonly Value[]) => Value;

const setters = {
  float32: "setFloat32",
  float64: "setFloat64",
  int32: "setInt32",
  uint32: "setUint32",
  bool: "setUint8",
} as const;
const getters = {
  float32: "getFloat32",
  float64: "getFloat64",
  int32: "getInt32",
  uint32: "getUint32",
  bool: "getUint8",
} as const;

function instantiate(body: (k: MachineEmitter) => void): {
  run: () => void;
  view: DataView;
  bytes: number;
  memory: WebAssembly.Memory;
} {
  const module = wasmModule();
  const handle = module.declare("f", 0);
  module.define(handle, body);
  module.export(handle, "f");
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const bytes = module.finish();
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return { run: instance.exports.f as () => void, view: new DataView(memory.buffer), bytes: bytes.length, memory };
}

/** The rule at each row of arguments, from memory or as literals. */
function onWasm(
  types: readonly DType[],
  result: DType,
  rows: readonly number[][],
  rule: Rule,
  literals: (i: number) => boolean,
): number[] {
  const { run, view } = instantiate((k) => {
    const at = (n: number): Value => k.literal("int32", n);
    rows.forEach((row, r) =>
      k.scope(() => {
        const args = row.map((x, i) =>
          literals(i) ? k.literal(types[i]!, x) : k.load(types[i]!, at(r * 32 + i * 8), 0),
        );
        k.store(result, at(r * 32), 24, rule(k, args));
      }),
    );
  });
  rows.forEach((row, r) => row.forEach((x, i) => view[setters[types[i]!]](r * 32 + i * 8, x, true)));
  run();
  return rows.map((_, r) => view[getters[result]](r * 32 + 24, true));
}

function onJs(types: readonly DType[], result: DType, rows: readonly number[][], rule: Rule): number[] {
  const k = new JsEmitter();
  const out = new Float64Array(1);
  const memory = k.memory({ dtype: "float64", shape: [] }, () => out);
  const value = rule(
    k,
    types.map((dtype) => k.parameter(dtype)),
  );
  expect(value.dtype).toBe(result);
  memory.store(k.literal("int32", 0), k.cast(value, "float64"));
  return rows.map((row) => {
    k.run(row);
    return out[0]!;
  });
}

/** Runs a rule everywhere and with every mix of literals. */
function everywhere(types: readonly DType[], result: DType, rows: readonly number[][], rule: Rule): number[] {
  const js = onJs(types, result, rows, rule);
  for (const literals of [() => false, () => true, (i: number) => i === 0, (i: number) => i === 1])
    expect(onWasm(types, result, rows, rule, literals)).toEqual(js);
  return js;
}

const floats = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3,
  7.25,
  1e10,
  -1e10,
  2 ** 31,
  1e-40,
  -1e-40,
  3e38,
  Infinity,
  -Infinity,
  NaN,
];
const numbers: Record<DType, readonly number[]> = {
  float32: floats.map(Math.fround),
  float64: [...floats, 5e-324, 1.7e308, 0.1],
  int32: [0, 1, -1, 2, 3, -7, 31, 33, 65536, 2 ** 31 - 1, -(2 ** 31)],
  uint32: [0, 1, 2, 3, 7, 31, 33, 65536, 2 ** 31, 2 ** 32 - 1],
  bool: [0, 1],
};
const unaries = {
  float: ["neg", "abs", "sqrt", "floor", "ceil", "trunc", "round"],
  integer: ["neg", "abs", "not", "floor", "round"],
  bool: ["not"],
} as const;
const shared = ["add", "sub", "mul", "div", "rem", "min", "max", "equal", "notEqual", "less", "lessEqual"] as const;
const bitwise = ["and", "or", "xor", "equal", "notEqual", "less", "lessEqual", "min", "max"] as const;
const kind = (dtype: DType): "float" | "integer" | "bool" =>
  isFloat(dtype) ? "float" : isInteger(dtype) ? "integer" : "bool";
const binaries: Record<"float" | "integer" | "bool", readonly BinaryOp[]> = {
  float: [...shared, "copySign"],
  integer: [...shared, ...bitwise, "shiftLeft", "shiftRight"],
  bool: bitwise,
};

describe.each(dtypes)("%s", (dtype) => {
  const values = numbers[dtype];
  test.each(unaries[kind(dtype)] as readonly UnaryOp[])("%s is the same on js and wasm", (op) => {
    everywhere(
      [dtype],
      dtype,
      values.map((x) => [x]),
      (k, [a]) => k[op](a!),
    );
  });
  test.each([...new Set(binaries[kind(dtype)])])("%s is the same on js and wasm", (op) => {
    const rows = values.flatMap((x) => values.map((y) => [x, y]));
    everywhere([dtype, dtype], comparisons.has(op) ? "bool" : dtype, rows, (k, [a, b]) => k[op](a!, b!));
  });
  test.each(dtypes)("casts to %s alike", (to) => {
    everywhere(
      [dtype],
      to,
      values.map((x) => [x]),
      (k, [a]) => k.cast(a!, to),
    );
  });
  test("selects", () => {
    const got = everywhere(
      [dtype, dtype, "bool"],
      dtype,
      [
        [1, 0, 1],
        [1, 0, 0],
      ],
      (k, [a, b, c]) => k.select(c!, a!, b!),
    );
    expect(got).toEqual([1, 0]);
  });
});

test("arithmetic at the edges is what the interface promises", () => {
  const at = (dtype: DType, op: BinaryOp, ...row: number[]): number =>
    everywhere([dtype, dtype], dtype, [row], (k, [a, b]) => k[op](a!, b!))[0]!;
  const least = -(2 ** 31);
  expect([
    at("int32", "div", 5, 0),
    at("int32", "rem", 5, 0),
    at("int32", "div", least, -1),
    at("int32", "rem", least, -1),
  ]).toEqual([0, 0, least, 0]);
  expect([at("int32", "div", -7, 2), at("int32", "rem", -7, 2), at("uint32", "div", 2 ** 32 - 1, 2)]).toEqual([
    -3,
    -1,
    2 ** 31 - 1,
  ]);
  expect([at("uint32", "sub", 0, 1), at("int32", "mul", 65536, 65536), at("int32", "add", 2 ** 31 - 1, 1)]).toEqual([
    2 ** 32 - 1,
    0,
    least,
  ]);
  expect([
    at("float64", "rem", 1e308, 3e-308),
    at("float64", "rem", -5.5, 2),
    at("float64", "rem", 5, Infinity),
  ]).toEqual([1e308 % 3e-308, -1.5, 5]);
  expect([at("float64", "min", 0, -0), at("float64", "max", -0, 0), at("float64", "min", NaN, 1)]).toEqual([
    -0,
    0,
    NaN,
  ]);
});

test("bits move between dtypes unchanged", () => {
  expect(everywhere(["float32"], "int32", [[1], [-0], [Infinity]], (k, [a]) => k.bitcast(a!, "int32"))).toEqual([
    0x3f800000,
    -(2 ** 31),
    0x7f800000,
  ]);
  expect(everywhere(["uint32"], "float32", [[0x40490fdb]], (k, [a]) => k.bitcast(a!, "float32"))).toEqual([
    Math.fround(Math.PI),
  ]);
  everywhere(["float64"], "uint32", [[Math.PI], [-0]], (k, [a]) => k.words(a!).high);
  everywhere(["float64"], "uint32", [[Math.PI], [5e-324]], (k, [a]) => k.words(a!).low);
  expect(
    everywhere(
      ["uint32", "uint32"],
      "float64",
      [
        [0x400921fb, 0x54442d18],
        [0x80000000, 0],
      ],
      (k, [a, b]) => k.fromWords(a!, b!),
    ),
  ).toEqual([Math.PI, -0]);
});

test("loops, branches and variables", () => {
  const collatz: Rule = (k, [start]) => {
    const int = (n: number): Value => k.literal("int32", n);
    const [n, steps] = [k.variable(start!), k.variable(int(0))];
    k.while(
      () => k.less(int(1), n.get()),
      () => {
        k.if(
          k.equal(k.rem(n.get(), int(2)), int(0)),
          () => n.set(k.div(n.get(), int(2))),
          () => n.set(k.add(k.mul(n.get(), int(3)), int(1))),
        );
        steps.set(k.add(steps.get(), int(1)));
      },
    );
    return steps.get();
  };
  expect(everywhere(["int32"], "int32", [[1], [6], [27]], collatz)).toEqual([0, 8, 111]);
  const triangle: Rule = (k, [count]) => {
    const sum = k.variable(k.literal("int32", 0));
    k.loop(count!, (i) => k.loop(i, (j) => sum.set(k.add(sum.get(), j))));
    return sum.get();
  };
  expect(everywhere(["int32"], "int32", [[0], [-3], [1], [5]], triangle)).toEqual([0, 0, 0, 10]);
});

test("a value read from a variable does not change with it", () => {
  const swap: Rule = (k, [a, b]) => {
    const [x, y] = [k.variable(a!), k.variable(b!)];
    const before = x.get();
    x.set(y.get());
    y.set(before);
    return k.sub(x.get(), y.get());
  };
  expect(everywhere(["int32", "int32"], "int32", [[3, 10]], swap)).toEqual([7]);
});

test("indices convert both ways, also where one was first computed in a branch", () => {
  const shape = [2, 1, 3, 4];
  const rule: Rule = (k, [flat]) => {
    const index = k.flatIndex(shape, flat!);
    const sum = k.variable(k.literal("int32", 0));
    k.if(k.less(flat!, k.literal("int32", 0)), () => sum.set(index.axes()[3]!));
    const [a, b, c, d] = index.axes();
    const back = k.index(shape, index.axes()).flat();
    const digits = [a!, b!, c!, d!].reduce((n, digit) => k.add(k.mul(n, k.literal("int32", 10)), digit));
    return k.add(k.mul(back, k.literal("int32", 10000)), digits);
  };
  const rows = Array.from({ length: 24 }, (_, i) => [i]);
  const wanted = rows.map(([i]) => i! * 10000 + Math.floor(i! / 12) * 1000 + (Math.floor(i! / 4) % 3) * 10 + (i! % 4));
  expect(everywhere(["int32"], "int32", rows, rule)).toEqual(wanted);
});

test("index arithmetic with constants leaves no code", () => {
  const size = (body: (k: MachineEmitter, x: Value) => Value): number =>
    instantiate((k) => {
      const x = k.load("int32", k.literal("int32", 0), 0);
      k.store("int32", k.literal("int32", 0), 4, body(k, x));
    }).bytes;
  const plain = size((_, x) => x);
  const lit = (k: Emitter, n: number): Value => k.literal("int32", n);
  expect(size((k, x) => k.add(k.mul(x, lit(k, 1)), k.mul(x, lit(k, 0))))).toBe(plain);
  expect(size((k, x) => k.index([1, 5], [x, k.div(x, lit(k, 1))]).flat())).toBe(plain);
  expect(size((k, x) => k.flatIndex([1, 9, 1], x).axes()[1]!)).toBe(plain);
});

test("memory is copied, filled and grown", () => {
  const int = (k: Emitter, n: number): Value => k.literal("int32", n);
  const { run, memory } = instantiate((k) => {
    k.fill(int(k, 0), 7, int(k, 8));
    k.ensure(int(k, 3 * 65536 + 1));
    k.copy(int(k, 3 * 65536), int(k, 0), int(k, 4));
  });
  run();
  expect(memory.buffer.byteLength).toBe(4 * 65536);
  expect(Array.from(new Uint8Array(memory.buffer, 3 * 65536, 6))).toEqual([7, 7, 7, 7, 0, 0]);
});

test("functions call each other, and scopes recycle storage", () => {
  const module = wasmModule();
  const [outer, inner] = [module.declare("outer", 1), module.declare("inner", 2)];
  module.define(outer, (k, [at]) => {
    for (let i = 0; i < 100; i++) k.scope(() => k.call(inner, [at!, k.add(at!, k.literal("int32", i))]));
  });
  module.define(inner, (k, [at, x]) => k.store("int32", at!, 0, k.add(k.load("int32", at!, 0), x!)));
  module.export(outer, "outer");
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), { env: { memory } });
  (instance.exports.outer as (at: number) => void)(byteSize("float64"));
  expect(new Int32Array(memory.buffer)[2]).toBe(100 * 8 + 4950);
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, fori, ops, ProgramCache, type Target, type Tensor, tensor, wasm, withTarget } from "../../index";
import { type Engine, engineOf, plainEngine } from "./engine";
import { WasmMemory } from "./memory";
import { wasmProgram } from "./program";

/** Programs for an engine with such properties. */
function targetFor(engine: Engine): Target {
  const memory = new WasmMemory();
  return Object.freeze<Target>({
    ...wasm(),
    program: (tape) => wasmProgram(tape, memory, engine),
    programs: new ProgramCache(),
  });
}

const plain = targetFor(plainEngine);
const dtypes = ["float32", "float64"] as const;

/** A body of many values, with functions that are written out and such as are called. */
const chain = (x: Tensor, y: Tensor): Tensor =>
  ops.add(
    ops.mul(ops.tanh(ops.add(ops.mul(x, 1.3), y)), ops.sigmoid(x)),
    ops.sub(ops.exp(ops.neg(ops.mul(x, x))), ops.sin(y)),
  );

const rows = (n: number, dtype: "float32" | "float64", from: number): Tensor =>
  ops.reshape(
    tensor(
      Array.from({ length: 3 * n }, (_, i) => 6 * Math.sin(i * 1.7 + from)),
      { dtype },
    ),
    [3, n],
  );

test("how many vectors are worked on at a time changes no bit of results", () => {
  const ordered = targetFor({ ...plainEngine, ordered: true });
  const f = (x: Tensor, y: Tensor): Tensor[] => [chain(x, y), ops.sum(chain(x, y), 1), ops.softmax(chain(y, x), 1)];
  fc.assert(
    fc.property(fc.constantFrom(...dtypes), fc.integer({ min: 1, max: 300 }), fc.boolean(), (dtype, n, column) => {
      const results = [plain, ordered].map((target) =>
        withTarget(target, () => {
          const y = rows(n, dtype, 2);
          const found = compile(f)(rows(n, dtype, 1), column ? ops.slice(y, [0, 0], [3, 1]) : y);
          return found.map((x) => Array.from(x.dataSync()));
        }),
      );
      expect(results[1]).toEqual(results[0]);
    }),
    { numRuns: 12 },
  );
});

describe("products that this engine may fuse with sums", () => {
  const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    tanh: ops.tanh,
    sigmoid: ops.sigmoid,
    exp: ops.exp,
    log: (x) => ops.log(ops.abs(x)),
    sin: ops.sin,
    erf: ops.erf,
    pow: (x) => ops.pow(ops.abs(x), 1.7),
  };
  const fast = targetFor(engineOf(false));

  test.each(Object.keys(functions))("give %s of one number the bits that it has among others", (name) => {
    for (const dtype of dtypes) {
      const [together, apart] = withTarget(fast, () => {
        const f = compile(functions[name]!);
        const xs = Array.from({ length: 37 }, (_, i) => 3 * Math.sin(i * 2.3));
        return [f(tensor(xs, { dtype })).dataSync(), xs.map((x) => f(tensor(x, { dtype })).itemSync())];
      });
      expect(Array.from(together)).toEqual(apart);
    }
  });

  test.each(Object.keys(functions))(
    "give %s in loops, in registers or in memory, the bits that it has outside",
    (name) => {
      withTarget(fast, () => {
        const f = functions[name]!;
        const thrice = compile((x: Tensor) => fori(3, (_, y) => f(y), x));
        const one = compile(f);
        const numbers = Array.from({ length: 200 }, (_, i) => 3 * Math.sin(i));
        for (const dtype of dtypes)
          for (const x of [numbers, ...numbers].map((given) => tensor(given, { dtype })))
            expect(Array.from(thrice(x).dataSync())).toEqual(Array.from(one(one(one(x))).dataSync()));
      });
    },
  );

  test("keep the signs of zeros, and NaN", () => {
    for (const dtype of dtypes)
      for (const f of [ops.tanh, ops.sin])
        expect(Array.from(withTarget(fast, () => f(tensor([0, -0, NaN, 0, -0], { dtype })).dataSync()))).toEqual([
          0,
          -0,
          NaN,
          0,
          -0,
        ]);
  });
});

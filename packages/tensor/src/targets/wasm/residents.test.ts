import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { compile, js, ops, OutOfMemoryError, ProgramCache, type Target, tensor, type Tensor, wasm } from "../../index";
import { WasmMemory } from "./memory";
import { maxPages } from "./module";
import { wasmProgram } from "./program";
import { residentBytes } from "./residents";
import { threaded } from "./testing/threaded";

/** The least number of floats that stay. */
const n = residentBytes / 4;

/** A target with a memory of its own, and how often results were copied out of it. */
function alone(pages = maxPages): { readonly target: Target; readonly memory: WasmMemory; copies: () => number } {
  const memory = new WasmMemory(pages);
  const target = Object.freeze<Target>({
    ...wasm(),
    program: (tape) => wasmProgram(tape, memory),
    programs: new ProgramCache(),
  });
  const copy = vi.spyOn(memory, "copy");
  return {
    target,
    memory,
    copies: () => copy.mock.calls.filter(([, , view]) => view.byteLength >= residentBytes).length,
  };
}

const counting = (target: Target, from = 0, size = n): Tensor =>
  tensor(
    Float32Array.from({ length: size }, (_, i) => from + i),
    { target },
  );
const numbers = (from: number, size = n): Float32Array => Float32Array.from({ length: size }, (_, i) => from + i);
const next = compile((x: Tensor) => x.add(1));
const backwards = compile((x: Tensor) => ops.flip(x, 0));

describe("a large result", () => {
  test("is copied when the memory is wanted, once, and not when it was disposed before", () => {
    const { target, copies } = alone();
    const x = counting(target);
    const y = next(x);
    expect(copies()).toBe(0);
    const z = next(x);
    expect(copies()).toBe(1);
    z.dispose();
    next(x).dispose();
    next(x).dispose();
    expect(copies()).toBe(1);
    expect(y.dataSync()).toEqual(numbers(1));
    expect(copies()).toBe(1);
  });

  test("is read as often as one likes, before and after programs that take its place", () => {
    const { target } = alone();
    const x = counting(target);
    const y = backwards(x);
    const expected = numbers(0).reverse();
    expect(y.dataSync()).toEqual(expected);
    y.dataSync().fill(7);
    expect(y.dataSync()).toEqual(expected);
    backwards(next(x));
    expect(y.dataSync()).toEqual(expected);
    expect(y.toString()).toContain(`${n - 1}`);
  });

  test("gives the numbers of the moment when it was asked, whatever runs until they are waited for", async () => {
    const { target } = alone();
    const y = next(counting(target));
    const asked = y.data();
    y.dispose();
    backwards(counting(target));
    expect(await asked).toEqual(numbers(1));
  });

  test("moves within the memory when it is an argument: a chain that is disposed or donated is never copied out", () => {
    const { target, copies } = alone();
    const step = compile((x: Tensor) => x.add(1), { donate: [0] });
    let x = step(counting(target));
    for (let k = 0; k < 9; k++) x = step(x);
    for (let k = 0; k < 10; k++) {
      const before = x;
      x = next(x);
      before.dispose();
    }
    expect(copies()).toBe(0);
    expect(x.dataSync()).toEqual(numbers(20));
  });

  test("stays where it is while programs run that do not reach it", () => {
    const { target, copies } = alone();
    const x = counting(target);
    const y = next(x);
    const small = tensor([1, 2], { target });
    expect(small.add(1).arraySync()).toEqual([2, 3]);
    expect(copies()).toBe(0);
    expect(y.dataSync()).toEqual(numbers(1));
    expect(next(y).dataSync()).toEqual(numbers(2));
  });

  test("may be an argument twice, trade places with another, and come back as it went", () => {
    const { target } = alone();
    const [a, b] = [next(counting(target)), next(counting(target, 1000))];
    const both = compile((x: Tensor, y: Tensor) => [x.sub(y), y, x, x] as const);
    let [difference, one, two, three] = both(a, b);
    for (let k = 0; k < 3; k++) [difference, one, two, three] = both(one, two);
    expect(difference.dataSync()).toEqual(new Float32Array(n).fill(1000));
    for (const x of [two, three]) expect(x.dataSync()).toEqual(numbers(1001));
    expect(one.dataSync()).toEqual(numbers(1));
    expect(both(one, one)[0].dataSync()).toEqual(new Float32Array(n));
    expect(a.dataSync()).toEqual(numbers(1));
    expect(b.dataSync()).toEqual(numbers(1001));
  });

  test("is right when the memory grows, and when another takes its place", () => {
    const { target, memory } = alone();
    const [y, z] = [next(counting(target)), backwards(counting(target))];
    // As a program does that fails afterwards.
    memory.memory.grow(1);
    expect(z.dataSync()).toEqual(numbers(0).reverse());
    const kept = next(z);
    memory.renew("test");
    expect(kept.dataSync()).toEqual(numbers(1).reverse());
    expect(next(kept).dataSync()).toEqual(numbers(2).reverse());
    expect(y.dataSync()).toEqual(numbers(1));
  });

  test("is kept with all of its memory if another takes that one's place and there is no room for a copy", () => {
    const { target, memory } = alone();
    const y = next(counting(target));
    vi.spyOn(memory, "copy").mockImplementationOnce(() => {
      throw new OutOfMemoryError("test: none");
    });
    memory.renew("test");
    next(counting(target, 5)).dispose();
    expect(y.dataSync()).toEqual(numbers(1));
  });

  test("is not lost when there is no room for a copy: the program that wanted its place does not run", () => {
    const { target, memory } = alone();
    const [x, y] = [counting(target, 7), next(counting(target))];
    const z = backwards(x);
    const copy = vi.spyOn(memory, "copy").mockImplementation(() => {
      throw new OutOfMemoryError("test: none");
    });
    expect(() => ops.sub(z, x)).not.toThrow();
    expect(() => next(x)).toThrow(OutOfMemoryError);
    copy.mockRestore();
    expect(next(z).dataSync()).toEqual(numbers(8).reverse());
    expect(z.dataSync()).toEqual(numbers(7).reverse());
    expect(y.dataSync()).toEqual(numbers(1));
  });

  test("is where it was last moved to, even if the program did not run then", () => {
    const { target, memory } = alone();
    const pair = compile((x: Tensor) => [x.add(1), x.add(1001)] as const);
    const [a, b] = pair(counting(target));
    const s = counting(target, 5);
    const three = compile((x: Tensor, y: Tensor, z: Tensor) => x.sub(y).add(z));
    const r = three(a, b, s);
    const copy = vi.spyOn(memory, "copy").mockImplementation(() => {
      throw new OutOfMemoryError("test: none");
    });
    // r moves to where s was, then one of the other two must give way.
    expect(() => three(b, a, r)).toThrow(OutOfMemoryError);
    copy.mockRestore();
    expect(three(a, b, s).dataSync()).toEqual(numbers(-995));
    expect(three(b, a, r).dataSync()).toEqual(numbers(5));
  });

  test("is an argument on other targets, with memories of their own or not", () => {
    const y = next(counting(wasm()));
    for (const target of [wasm({ deterministic: true }), js(), alone().target]) {
      const there = y.to(target);
      next(counting(wasm()));
      expect(next(there).dataSync()).toEqual(numbers(2));
      const asked = compile((x: Tensor) => x.add(1), { target })(next(counting(wasm(), 10)));
      next(counting(wasm()));
      expect(asked.dataSync()).toEqual(numbers(12));
    }
    expect(y.dataSync()).toEqual(numbers(1));
  });
});

test("results of programs on several threads stay in their memory, and are arguments of programs on one", () => {
  const size = 2 ** 20;
  const f = compile((x: Tensor) => x.mul(0.001).tanh().add(x.mul(0.002).exp()));
  const g = compile((x: Tensor, y: Tensor) => x.sub(y).mul(3));
  const on = (target: Target): Float32Array[] => {
    const x = counting(target, -size / 2, size);
    const [y, z] = [f(x), f(f(x))];
    const small = ops.flip(y.slice([0], [n]), 0);
    return [g(y, z), small, y, z].map((each) => each.dataSync() as Float32Array);
  };
  const [one, two] = [on(wasm()), on(threaded(2))];
  for (const [k, values] of one.entries())
    expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(two[k]!.buffer))).toBe(0);
});

test("calls whose results are dropped or disposed make neither the heap nor the memory of programs grow", () => {
  const { target, memory } = alone();
  const x = counting(target);
  const calls = (count: number): void => {
    for (let k = 0; k < count; k++) {
      next(x);
      backwards(next(x)).dispose();
      tensor([1], { target }).add(1);
    }
  };
  calls(100);
  const [pages, listed] = [memory.memory.buffer.byteLength, memory.residents.size];
  calls(1000);
  expect(memory.memory.buffer.byteLength).toBe(pages);
  expect(memory.residents.size).toBe(listed);
});

/** Numbers that a tensor should have, and the tensor. */
interface Entry {
  readonly x: Tensor;
  readonly want: Float32Array;
}

type Way = (x: Float32Array, y: Float32Array) => Float32Array[];

/** Programs of two large arguments, and what they should give: whole numbers, so that every target is exact. */
const ways: readonly (readonly [(x: Tensor, y: Tensor) => readonly Tensor[], Way])[] = [
  [compile((x: Tensor, y: Tensor) => [x.sub(y)]), (x, y) => [x.map((v, i) => v - y[i]!)]],
  [compile((x: Tensor, y: Tensor) => [y, x.add(1)]), (x, y) => [y, x.map((v) => v + 1)]],
  [compile((x: Tensor, y: Tensor) => [ops.flip(y, 0), x, x]), (x, y) => [y.slice().reverse(), x, x]],
  [(x, y) => [ops.maximum(x, y)], (x, y) => [x.map((v, i) => Math.max(v, y[i]!))]],
  [
    (x, _y) => [ops.flip(ops.concat([x, x]), 0).slice([1], [n + 1])],
    (x) => [Float32Array.from([...x.slice(0, n - 1).reverse(), x[n - 1]!])],
  ],
  [
    (x, y) => [
      x
        .sum()
        .add(y.slice([0], [1]))
        .mul(0)
        .add(3)
        .broadcastTo([n]),
    ],
    () => [new Float32Array(n).fill(3)],
  ],
];

const place = fc.nat(4);
const command = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant("run" as const), fc.nat(ways.length - 1), place, place, place) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("dispose" as const), fc.nat(9), place, place, place) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("donate" as const), fc.nat(9), place, place, place) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("alias" as const), fc.nat(9), place, place, place) },
  { weight: 2, arbitrary: fc.tuple(fc.constant("read" as const), fc.nat(9), place, place, place) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("small" as const), fc.nat(9), place, place, place) },
);

const consumed = compile((x: Tensor, y: Tensor) => y.sub(x), { donate: [0] });

describe.each([
  ["js", js],
  ["wasm", wasm],
  ["wasm of two threads", () => threaded(2, 1)],
] as const)("on %s", (_name, targetOf) => {
  test("any sequence of calls, readings and disposals gives what plain arrays give", () => {
    const target = targetOf();
    fc.assert(
      fc.property(fc.array(command, { minLength: 4, maxLength: 16 }), (commands) => {
        const fresh = (k: number): Entry => ({ x: counting(target, k), want: numbers(k) });
        const pool = [0, 1, 2, 3, 4].map(fresh);
        const same = ({ x, want }: Entry): void => {
          const found = x.dataSync();
          // Buffers are compared at once, elements one by one.
          expect(Buffer.compare(Buffer.from(found.buffer), Buffer.from(want.slice().buffer))).toBe(0);
        };
        for (const [kind, k, i, j, to] of commands) {
          const [a, b] = [pool[i]!, pool[j]!];
          if (kind === "run") {
            const [f, model] = ways[k]!;
            const want = model(a.want, b.want);
            f(a.x, b.x).forEach((x, r) => (pool[(to + r) % pool.length] = { x, want: want[r]! }));
          } else if (kind === "dispose") {
            pool.forEach(({ x }, at) => {
              if (x.storage === a.x.storage) pool[at] = fresh(at);
            });
            a.x.dispose();
            expect(() => a.x.dataSync()).toThrow(/disposed/);
            expect(() => next(a.x)).toThrow(/disposed/);
          } else if (kind === "donate") {
            const want = b.want.map((v, at) => v - a.want[at]!);
            const x = consumed(a.x, b.x);
            pool.forEach((entry, at) => {
              if (entry.x.storage === a.x.storage) pool[at] = fresh(at);
            });
            pool[to] = { x, want };
          } else if (kind === "alias") pool[to] = { x: a.x.reshape([2, n / 2]).reshape([n]), want: a.want };
          else if (kind === "read") same(a);
          else expect(tensor([k, k], { target }).add(1).arraySync()).toEqual([k + 1, k + 1]);
        }
        pool.forEach(same);
      }),
      { numRuns: 40 },
    );
  });
});

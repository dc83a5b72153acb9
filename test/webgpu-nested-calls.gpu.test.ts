import { grad } from "@dzdt/autograd";
import { compile, cond, fori, type Target, type Tensor, tensor, wasm } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "./webgpu-target";

type Body = (x: Tensor) => Tensor;

/** Products are exact, so that it does not matter whether sums are rounded together with them. */
const leaf: Body = (x) => x.mul(0.5).sub(x.abs()).add(3.7);

/** Ways to call a function several times. */
const ways: Readonly<Record<string, (f: Body) => Body>> = {
  "one after another, in a loop": (f) => (x) => fori(2, (_i, c: Tensor) => f(f(c)).mul(0.5), x),
  "before a loop and in it": (f) => (x) => f(fori(2, (_i, c: Tensor) => f(c).mul(0.5), x)),
  "in both branches": (f) => (x) =>
    cond(
      x.max().greater(0.5),
      (y: Tensor) => f(f(y)),
      (y: Tensor) => f(y).sub(f(y.mul(2))),
      x,
    ),
};

/** A function that calls another so, which calls another, and so on. */
function nested(way: (f: Body) => Body, depth: number, target: Target): Body {
  let f: Body = compile(leaf, { target });
  for (let k = 0; k < depth; k++) {
    const next = way(f);
    f = compile((x: Tensor) => next(x), { target });
  }
  return f;
}

const numbers = (count: number): Tensor => tensor(Float32Array.from({ length: count }, (_, i) => ((i * 7) % 11) - 5));

describe.each(Object.entries(ways))("functions that call others twice, %s", (_name, way) => {
  // One invocation runs them, or a workgroup.
  test.each([3, 70])("give the bits that wasm gives, of %i elements", async (count) => {
    const target = await gpu();
    const on = async (each: Target): Promise<number[]> => {
      const x = tensor(numbers(count).dataSync(), { target: each });
      return Array.from(await nested(way, 4, each)(x).data());
    };
    expect(await on(target)).toEqual(await on(wasm()));
  });

  test("are code in proportion to their number, and their gradients", async () => {
    const target = await gpu();
    const x = tensor(numbers(3).dataSync(), { target });
    const lengths = (transform: (f: Body) => Body): number[] =>
      [12, 13, 14].map((depth) => compile(transform(nested(way, depth, target)), { target }).inspect(x).length);
    for (const transform of [(f: Body) => f, (f: Body): Body => grad((y: Tensor) => f(y).sum())]) {
      const [a, b, c] = lengths(transform) as [number, number, number];
      expect(c - b).toBeLessThan(1.1 * (b - a));
    }
  });
});

test("gradients of functions that are called in turns have the bits that wasm gives", async () => {
  const on = async (each: Target): Promise<number[]> => {
    const f = nested(ways["one after another, in a loop"]!, 3, each);
    const gradient = compile(
      grad((x: Tensor) => f(x).mul(x).sum()),
      { target: each },
    );
    return Array.from(await gradient(tensor(numbers(70).dataSync(), { target: each })).data());
  };
  expect(await on(await gpu())).toEqual(await on(wasm()));
});

test("a function is called at one place of another where compilers would write out many", async () => {
  const target = await gpu();
  const x = tensor(numbers(3).dataSync(), { target });
  const text = compile(nested(ways["one after another, in a loop"]!, 10, target), { target }).inspect(x);
  const calls = [...text.matchAll(/^ +(f\d+_\w+)\(/gm)].map(([, name]) => name);
  // Those of the innermost functions, which are few.
  expect(calls.length - new Set(calls).size).toBeLessThan(8);
});

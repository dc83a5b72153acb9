import { argsort, cumsum, fori, type Tensor, trace } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Kernel } from "./kernel";
import { lower } from "./lowered";

const kernelsOf = (
  f: (x: Tensor) => Tensor | Tensor[],
  shape: readonly number[],
  arrays?: number,
): readonly Kernel[] => {
  const { tape } = trace("f", (x) => [f(x)].flat(), [{ dtype: "float32", shape }]);
  return lower(tape, { limit: 2 ** 30, rowMemory: 2 ** 20, ...(arrays === undefined ? {} : { arrays }) }).kernels;
};

/** Each reads what all of the one before it makes, so that none fuses with it. */
const links = [
  (x: Tensor): Tensor => x.div(x.square().sum().add(1)),
  (x: Tensor): Tensor => x.sub(x.max(0)),
  (x: Tensor): Tensor => cumsum(x, 0),
];

describe("small steps side by side", () => {
  test("are one kernel of one workgroup, or two, as long as their code is short", () => {
    const chains = fc.array(fc.constantFrom(...links), { minLength: 2, maxLength: 3 });
    fc.assert(
      fc.property(chains, fc.integer({ min: 2, max: 64 }), (chain, n) => {
        const kernels = kernelsOf((x) => chain.reduce((y, link) => link(y), x), [n]);
        expect(kernels.length).toBeLessThan(3);
        for (const { groups } of kernels) expect(groups).toEqual([1, 1]);
      }),
    );
  });

  test("are few kernels, if it is long", () => {
    const kernels = kernelsOf(
      (x) => Array.from({ length: 40 }, (_, k) => links[k % 3]!).reduce((y, link) => link(y), x),
      [50],
    );
    expect(kernels.length).toBeGreaterThan(1);
    expect(kernels.length).toBeLessThan(12);
    for (const { text } of kernels) expect(text.split("\n").length).toBeLessThan(450);
  });

  test("are not those of large arrays", () => {
    const kernels = kernelsOf((x) => links[0]!(links[1]!(x)), [300, 300]);
    const wide = kernels.filter(({ groups: [x] }) => x > 1).map(({ name }) => name);
    expect(wide.length).toBeGreaterThan(2);
    for (const name of wide) expect(name).not.toContain(", ");
  });

  test("take what sets a loop up, and what comes after it", () => {
    const loop = (x: Tensor): Tensor => fori(5000, (_i, c: Tensor) => c.mul(0.5).add(1), links[0]!(x));
    const names = kernelsOf((x) => links[0]!(loop(x)), [3]).map(({ name }) => name);
    expect(names[0]).toMatch(/sum.*loop begins/);
    expect(new Set(names.slice(1, -1))).toEqual(new Set(["loop goes on"]));
    expect(names.at(-1)).toMatch(/sum/);
  });

  test("leave sorts in passes to the device", () => {
    const names = kernelsOf((x) => links[0]!(argsort(links[0]!(x)).cast("float32")), [2000]).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(4);
  });

  test("use as many arrays as a kernel may", () => {
    const parts = (x: Tensor): Tensor[] => Array.from({ length: 6 }, (_, k) => x.add(k).flip(0).mul(x.mul(k).sum()));
    const kernels = kernelsOf(parts, [300], 4);
    expect(kernels.length).toBeGreaterThan(1);
    for (const { arrays } of kernels) expect(arrays.length).toBeLessThanOrEqual(4);
    expect(new Set(kernels.flatMap(({ arrays }) => arrays)).size).toBe(7);
  });
});

import { argsort, cumsum, fori, matmul, relu, scan, type Tensor, trace } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { lower } from "./lowered";

const halves = (x: Tensor): Tensor => fori(10, (_i, c: Tensor) => c.mul(0.5).add(c.sum()), x);

interface Program {
  readonly f: (x: Tensor) => Tensor;
  readonly shape: readonly number[];
  /** How many invocations tell each other numbers without memory. */
  readonly set?: number;
}

const rowSums = { f: (x: Tensor): Tensor => x.sum(1), shape: [3, 1000] } as const;

/** Programs whose kernels are kept as they are to be read: one for each kind of schedule. */
const programs: Readonly<Record<string, Program>> = {
  "elementwise chain": { f: (x) => x.mul(2).add(1).neg(), shape: [100] },
  "comparison to bools": { f: (x) => x.less(0.5), shape: [10] },
  "small steps one after another": { f: (x) => cumsum(x.div(x.max())).mul(x.sum()), shape: [100] },
  "sum of long rows": rowSums,
  "sum of long rows in sets of 4": { ...rowSums, set: 4 },
  "sum of long rows in sets of 16": { ...rowSums, set: 16 },
  "large product": { f: (x) => matmul(x, x), shape: [64, 64] },
  "layer of a network": { f: (x) => relu(matmul(x, x).add(1)), shape: [64, 64] },
  "loop over an array": { f: (x) => fori(100, (_i, c: Tensor) => matmul(c, c).sub(c.sum()), x), shape: [8, 8] },
  "sort of a long line": { f: (x) => argsort(x), shape: [200] },
  "running sum of a long line": { f: (x) => cumsum(x), shape: [1000] },
  "loop over a scalar": { f: (x) => fori(1000, (_i, c: Tensor) => c.mul(0.5).add(1), x), shape: [] },
  "loop of each row": {
    f: (x) => scan<Tensor[], Tensor, Tensor>((none, row) => [none, halves(row)], [], x)[1],
    shape: [5, 40],
  },
};

describe("kernels are those in the folder golden (`npx vitest run --project node golden -u` writes them anew)", () => {
  test.each(Object.entries(programs))("%s", async (name, { f, shape, set = 1 }) => {
    const { tape } = trace(name, (x) => [f(x)], [{ dtype: "float32", shape }]);
    const { kernels } = lower(tape, { limit: 2 ** 30, rowMemory: 2 ** 28, set });
    const shown = new Map(kernels.map(({ text, ...kernel }) => [text, kernel]));
    const texts = [...shown].map(([text, kernel]) => {
      const count = kernels.filter((each) => each.text === text).length;
      return `// ${kernel.name}: ${kernel.groups.join(" × ")} workgroups${count > 1 ? `, ${count} times` : ""}\n${text}\n`;
    });
    await expect(texts.join("\n")).toMatchFileSnapshot(`./golden/${name.replaceAll(" ", "-")}.wgsl`);
  });
});

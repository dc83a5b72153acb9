import { argsort, concat, fori, matmul, type Tensor, trace } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lower, type Lowered, type Means } from "./lowered";

type Aval = Parameters<typeof trace>[2][number];

const vector = (length: number, dtype: Aval["dtype"] = "float32"): Aval => ({ dtype, shape: [length] });

function lowered(f: (...xs: Tensor[]) => Tensor[], avals: readonly Aval[], means: Partial<Means> = {}): Lowered {
  const { tape } = trace("f", f, avals);
  return lower(tape, { limit: 2 ** 30, rowMemory: 2 ** 28, ...means });
}

/** Of the inputs that are no scalars, and of the results, which are bound. */
const boundOf = ({ inputs, outputs }: Lowered): boolean[][] =>
  [inputs.filter(({ aval }) => aval.shape.length > 0), outputs].map((ports) =>
    ports.map(({ array }) => array !== undefined),
  );

const large = vector(2 ** 20);

describe("inputs and results are bound", () => {
  test("where kernels of the whole device alone use them, and the memory has no room for them", () => {
    const program = lowered((x, y) => [x.mul(y), x.sum()], [large, large]);
    expect(boundOf(program)).toEqual([
      [true, true],
      [true, false],
    ]);
    expect(program.bytes).toBeLessThan(4096);
    expect(program.kernels.map(({ arrays }) => arrays.map(({ of, index }) => `${of} ${index}`))).toEqual([
      ["inputs 0", "inputs 1", "results 0"],
      ["inputs 0"],
    ]);
    expect(program.kernels[0]!.text).not.toContain("memory[");
  });

  test("as operands and result of a product by tiles, which shares its text with products of other sizes", () => {
    const [small, other] = [64, 100].map((n) =>
      lowered(
        (x, y) => [matmul(x, y)],
        [n, n].map((m) => ({ dtype: "float32", shape: [m, n] })),
      ),
    );
    expect(boundOf(small!)).toEqual([[true, true], [true]]);
    expect(other!.kernels[0]!.text).toBe(small!.kernels[0]!.text);
    expect(other!.kernels[0]!.parameters).not.toEqual(small!.kernels[0]!.parameters);
  });

  test("and equal kernels of several arrays have one text", () => {
    const { kernels } = lowered((x, y) => [x.mul(2).cumsum(), y.mul(2).cumsum(), x.neg(), y.neg()], [large, large]);
    const negations = kernels.filter(({ name }) => name === "neg");
    expect(negations).toHaveLength(2);
    expect(negations[0]!.text).toBe(negations[1]!.text);
  });

  test("through other views of them, and an input that is a result", () => {
    const program = lowered(
      (x) => [
        x.reshape([2 ** 10, 2 ** 10]),
        x,
        x
          .reshape([2, 2 ** 19])
          .exp()
          .reshape([2 ** 20]),
      ],
      [large],
    );
    expect(program.outputs.map(({ array }) => array?.of)).toEqual(["inputs", "inputs", "results"]);
    const [y, same] = lowered((x) => [x.exp(), x.exp().reshape([2 ** 10, 2 ** 10])], [large]).outputs;
    expect(y!.array).toMatchObject({ of: "results", index: 0 });
    expect(same!.array).toBe(y!.array);
  });
});

test("what a result is another view of, element by element, is in the memory", () => {
  const square: Aval = { dtype: "float32", shape: [40, 40] };
  const program = lowered((x) => [matmul(x, x).transpose().reshape([1600])], [square]);
  expect(boundOf(program)).toEqual([[true], [true]]);
  expect(program.kernels.map(({ arrays }) => arrays.map(({ of, index }) => `${of} ${index}`))).toEqual([
    ["inputs 0"],
    ["results 0"],
  ]);
});

describe("they are copied", () => {
  const halves = (x: Tensor): Tensor => fori(10, (_i, c: Tensor) => c.mul(0.5), x);
  const cases: Readonly<
    Record<string, [f: (...xs: Tensor[]) => Tensor[], avals: readonly Aval[], bound: boolean[][]]>
  > = {
    "where they are few numbers, which may be with the host": [(x) => [x.neg()], [vector(256)], [[false], [false]]],
    "where they are bools, which share words": [(x, y) => [x.less(y)], [large, large], [[true, true], [false]]],
    "where a loop reads them too": [
      (x) => [halves(x.slice([0], [100])), halves(x).sum(), x.neg()],
      [vector(1000)],
      [[false], [false, false, true]],
    ],
    "where a kernel rule does, through a view": [
      (x) => [argsort(x.reshape([2, 500])), x.exp()],
      [vector(1000)],
      [[false], [false, true]],
    ],
    "where a buffer does not hold them": [(x) => [x.sum()], [vector(2 ** 21)], [[false], [false]]],
    "where they have no elements": [(x) => [x.neg(), x.neg().sum()], [vector(0)], [[false], [false, false]]],
  };

  test.each(Object.entries(cases))("%s", (_name, [f, avals, bound]) => {
    expect(boundOf(lowered(f, avals, { limit: 2 ** 23 }))).toEqual(bound);
  });

  test("the smallest of those of which a kernel would have too many", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 300, max: 2000 }), { minLength: 2, maxLength: 15 }),
        fc.integer({ min: 1, max: 9 }),
        (sizes, most) => {
          const { inputs, outputs, kernels } = lowered(
            (...xs) => [concat(xs)],
            sizes.map((n) => vector(n)),
            { arrays: most },
          );
          expect(Math.max(...kernels.map(({ arrays }) => arrays.length))).toBe(Math.min(most, sizes.length + 1));
          const ports = [...inputs, ...outputs];
          const [bound, copied] = [true, false].map((is) =>
            ports.filter(({ array }) => (array !== undefined) === is).map(({ aval }) => aval.shape[0]!),
          );
          expect(Math.min(...bound!)).toBeGreaterThanOrEqual(Math.max(0, ...copied!));
        },
      ),
    );
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, concat, fori, js, tensor, type Tensor, wasm } from "../index";
import { assertClose } from "../testing";

type Step = (x: Tensor, y: Tensor) => Tensor;

/** Steps from two [3, 4] tensors to one: kernels of many kinds. */
const steps: readonly Step[] = [
  (x, y) => x.add(y).mul(0.5),
  (x, y) => x.sub(y.tanh()),
  (x, y) => y.sum(1).reshape([3, 1]).mul(x).mul(0.1),
  (x, y) => x.max(0).add(y.mul(0.25)),
  (x, y) => concat([x.slice([0, 0], [1, 4]), y.slice([1, 0], [3, 4])], 0),
  (x, y) => x.transpose().matmul(y).reshape([4, 4]).slice([0, 0], [3, 4]).tanh(),
  (x, y) => x.less(y).where(x, 0.3),
];

/** Rounds of the same steps on operands that differ, so that kernels repeat, with operands that are one value or two. */
const program =
  (round: readonly number[], operands: readonly number[], rounds: number) =>
  (a: Tensor, b: Tensor): Tensor[] => {
    const values = [a, b];
    for (let r = 0, at = 0; r < rounds; r++)
      for (const step of round) {
        const pick = (): Tensor => values[values.length - 1 - (operands[at++ % operands.length]! % values.length)]!;
        values.push(steps[step]!(pick(), pick()));
      }
    return values.slice(-3);
  };

const inputs = (dtype: "float32" | "float64"): Tensor[] =>
  [0, 1].map((seed) =>
    tensor(
      Array.from({ length: 12 }, (_, i) => Math.sin(7 * i + seed)),
      { dtype },
    ).reshape([3, 4]),
  );

/** Bytes of code and functions, as `inspect` says. */
function code(f: (a: Tensor, b: Tensor) => Tensor[]): { bytes: number; functions: number } {
  const [a, b] = inputs("float32") as [Tensor, Tensor];
  const found = /code ([\d,]+) bytes: (\d+) functions/.exec(compile(f, { target: wasm() }).inspect(a, b));
  return { bytes: Number(found![1]!.replaceAll(",", "")), functions: Number(found![2]) };
}

/** What a function gives on wasm is what it gives on js. */
function expectSame(f: (a: Tensor, b: Tensor) => Tensor[], dtype: "float32" | "float64"): void {
  const [a, b] = inputs(dtype) as [Tensor, Tensor];
  const found = compile(f, { target: wasm() })(a, b);
  const expected = compile(f, { target: js() })(a.to(js()), b.to(js()));
  const close = dtype === "float32" ? { rtol: 1e-4, atol: 1e-5 } : { rtol: 1e-12, atol: 1e-12 };
  found.forEach((x, k) => assertClose(x.to(js()), expected[k]!, close));
}

describe("kernels that stand often in a program", () => {
  test("compute what they compute alone", () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: steps.length - 1 }), { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 7 }),
        fc.constantFrom("float32" as const, "float64" as const),
        (round, operands, dtype) => expectSame(program(round, operands, 20), dtype),
      ),
      { numRuns: 40 },
    ));

  test("are one function: a further round adds calls only", () => {
    const [short, long] = [10, 40].map((rounds) => code(program([0, 2, 4], [0, 1], rounds)));
    expect(long!.bytes - short!.bytes).toBeLessThan(30 * 3 * 30);
    expect(long!.functions - short!.functions).toBeLessThan(4);
  });

  test("are functions in the bodies of loops as well", () => {
    const body = program([1, 5], [0, 1, 2], 20);
    const looped = (a: Tensor, b: Tensor): Tensor[] => [fori(3, (_i, x) => body(x, b)[2]!, a)];
    expectSame(looped, "float64");
    expect(code(looped).bytes).toBeLessThan(
      1.5 * code((a, b) => [fori(3, (_i, x) => program([1, 5], [0, 1, 2], 10)(x, b)[2]!, a)]).bytes,
    );
  });

  test("are others where a number differs, or where two operands are one", () =>
    expectSame((a, b) => {
      const values = [a, b];
      for (let i = 0; i < 30; i++) {
        const [x, y] = [values.at(-1)!, values.at(-2)!];
        const sum = x.add(i % 3 === 0 ? x : y).sum(0);
        values.push(sum.add(y).mul(i % 3 === 1 ? 0.2 : 0.1));
      }
      return values.slice(-4);
    }, "float64"));
});

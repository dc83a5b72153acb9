import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, js, ops, type Tensor, tensor, wasm, withTarget } from "../index";
import { trace } from "../trace";
import { triangleOf } from "../linalg/matrices";
import { prune } from "./prune";

/** What is computed for all elements of [rows, columns] from x, a number for each row and one for each column. */
type F = (x: Tensor, row: Tensor, column: Tensor) => Tensor;

const [rows, columns] = [128, 64];
const shapes = [[rows, columns], [rows, 1], [columns]] as const;
const over = (x: Tensor): Tensor => ops.broadcastTo(x, shapes[0]);

/** The operations of a function that are computed for all elements, and those that are for fewer. */
function counts(f: F): { readonly all: readonly string[]; readonly fewer: readonly string[] } {
  const avals = shapes.map((shape) => ({ dtype: "float32" as const, shape }));
  const { tape } = trace("f", (...[x, row, column]: Tensor[]) => [f(x!, row!, column!)], avals);
  const pruned = prune(tape);
  const [all, fewer]: [string[], string[]] = [[], []];
  for (const { op, outs } of pruned.nodes) {
    if (op.fusion !== "map") continue;
    (pruned.avals[outs[0]!]!.shape.join() === shapes[0].join() ? all : fewer).push(op.name);
  }
  return { all, fewer };
}

describe("what is repeated is computed with before", () => {
  test("as the reciprocals of rows are", () => {
    expect(counts((x, row) => x.mul(ops.div(1, over(row))))).toEqual({ all: ["mul"], fewer: ["div"] });
    expect(counts((x, _, column) => x.mul(over(column).exp().add(1).sqrt()))).toEqual({
      all: ["mul"],
      fewer: ["exp", "add", "sqrt"],
    });
    expect(counts((x, row) => ops.where(over(row.less(0)), over(row).neg(), 2).mul(x))).toEqual({
      all: ["mul"],
      fewer: ["less", "neg", "where"],
    });
  });

  test("but not where rows meet columns, for a few elements, or where the position counts", () => {
    expect(counts((_, row, column) => over(row).mul(over(column)))).toEqual({ all: ["mul"], fewer: [] });
    expect(counts((x, row) => x.add(over(row)))).toEqual({ all: ["add"], fewer: [] });
    expect(counts((_, row) => triangleOf(over(row), true)).all).toEqual(["triangle"]);
    const few = (x: Tensor): Tensor => ops.broadcastTo(x, [rows, 4]).exp();
    const { tape } = trace("f", (...ins: Tensor[]) => [few(ins[0]!)], [{ dtype: "float32", shape: [rows, 1] }]);
    expect(prune(tape).nodes.map(({ op }) => op.name)).toEqual(["broadcast", "exp"]);
  });

  test("with the same bits", () => {
    const steps: Readonly<Record<string, F>> = {
      "scaled and moved": (x, row, column) => x.sub(over(row).mul(2)).div(over(column).abs().add(1)),
      "what is taken": (x, row) => ops.where(over(row).less(0), x, over(row).sqrt()),
      "folded after": (x, row, column) => ops.sum(x.mul(ops.div(1, over(row))).add(over(column).neg()), 0),
      "nothing else": (_, row) => over(row).square().sub(1).abs(),
    };
    const value = fc.constantFrom(0, -0, 1, -2.5, 3e-39, Infinity, NaN, 0.1);
    const numbers = (size: number): fc.Arbitrary<number[]> => fc.array(value, { minLength: size, maxLength: size });
    for (const [name, f] of Object.entries(steps))
      fc.assert(
        fc.property(numbers(rows), numbers(columns), (forRows, forColumns) => {
          const run = (): unknown => {
            const x = ops
              .arange(rows * columns, { dtype: "float32" })
              .reshape(shapes[0])
              .mul(0.01)
              .sub(3);
            const given = [x, tensor(forRows).reshape(shapes[1]), tensor(forColumns)] as const;
            // Alone, operations of fewer elements have nothing before them.
            return [f(...given), compile(f)(...given)].map((result) => Array.from(result.dataSync()));
          };
          const [alone, together] = withTarget(wasm(), run) as number[][];
          expect(together, name).toEqual(alone);
          expect(withTarget(js(), run), name).toEqual([alone, alone]);
        }),
        { numRuns: 5 },
      );
  });
});

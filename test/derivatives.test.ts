import { vmap } from "@dzdt/autograd";
import { checkGrads } from "@dzdt/autograd/testing";
import { defaultTarget, ops, type Primitive, stack, type Tensor } from "@dzdt/tensor";
import { assertClose, type Case, casesOf, derivatives, inputsOf, nameOf, primitives } from "@dzdt/tensor/testing";
import { describe, expect, test } from "vitest";

const every = Object.values(primitives) as unknown as Primitive[];
const isDouble = (x: Tensor): boolean => x.dtype === "float64";
/** The primitive's float64 results as a function of those inputs that are float64. */
function functionOf(c: Case, ins: readonly Tensor[]): (...xs: Tensor[]) => Tensor[] {
  return (...xs) => {
    const given = [...xs];
    return ops
      .bind(
        c.op,
        ins.map((x) => (isDouble(x) ? given.shift()! : x)),
        c.attributes,
      )
      .filter(isDouble);
  };
}

describe.each(every.map((op) => [op.name, op] as const))("%s", (_name, op) => {
  const cases = casesOf(op);
  const smooth = cases.filter((c) => c.ins.some((x) => x.dtype === "float64") && !c.noDerivatives);

  test("derivatives of the first and second order agree with central differences, and with each other", () => {
    for (const c of smooth) {
      const ins = inputsOf(c, 3, defaultTarget());
      const f = functionOf(c, ins);
      const xs = ins.filter(isDouble);
      if (f(...xs).length === 0) continue;
      const { step, differences } = derivatives;
      try {
        checkGrads(f, xs, { order: 2, step, rtol: differences, atol: 1e-7 });
      } catch (error) {
        throw new Error(nameOf(c), { cause: error });
      }
    }
  });

  test("vmap is the stack of single results, whichever inputs are batched", () => {
    for (const c of cases) {
      const lanes = [5, 6, 7].map((seed) => inputsOf(c, seed, defaultTarget()));
      for (let mask = 1; mask < 2 ** c.ins.length; mask++) {
        const batched = c.ins.map((_, j) => ((mask >> j) & 1) === 1);
        const f = (...xs: Tensor[]): Tensor[] => ops.bind(op, xs, c.attributes);
        const own = lanes.map((ins) => ins.map((x, j) => (batched[j] ? x : lanes[0]![j]!)));
        const expected = own.map((ins) => f(...ins));
        const many = vmap(
          f,
          batched.map((b) => (b ? 0 : null)),
        )(...lanes[0]!.map((x, j) => (batched[j] ? stack(own.map((ins) => ins[j]!)) : x)));
        expect(many.length).toBe(expected[0]!.length);
        many.forEach((y, k) =>
          assertClose(
            y,
            stack(expected.map((ys) => ys[k]!)),
            { rtol: y.dtype === "float32" ? 1e-5 : 1e-12, atol: y.dtype === "float32" ? 1e-5 : 1e-12 },
            nameOf(c),
          ),
        );
      }
    }
  });
});

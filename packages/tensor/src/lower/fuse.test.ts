import { describe, expect, test } from "vitest";
import { ops, type Tensor } from "../index";
import { prune } from "../passes/prune";
import { trace } from "../trace";
import { fuse } from "./fuse";

const { add, exp, mul, neg, sigmoid, sub, sum, tanh, transpose } = ops;

/** The kernels of a function of float32 [n, n] tensors: names of the nodes that each writes. */
function kernels(f: (...ins: Tensor[]) => readonly Tensor[], n = 4): string[] {
  const inputs = Array.from({ length: f.length }, () => ({ dtype: "float32", shape: [n, n] }) as const);
  const tape = prune(trace("f", f, inputs).tape);
  const { inlined, groups, emittedAt } = fuse(tape);
  return tape.nodes.flatMap((node, n) =>
    inlined[n] || node.op.alias || emittedAt[n] !== n
      ? []
      : [(groups.get(node) ?? [node]).map(({ op }) => op.name).join()],
  );
}

describe("one loop computes", () => {
  test("a value that several of its operations use, once", () => {
    expect(kernels((x) => [add(mul(tanh(x), sigmoid(x)), exp(neg(mul(tanh(x), x))))])).toEqual(["add"]);
  });

  test("a value and its derivative", () => {
    const f = (x: Tensor): Tensor[] => {
      const [t, s, e] = [tanh(add(mul(x, 1.3), 0.2)), sigmoid(x), exp(neg(mul(x, x)))];
      const slope = sub(add(mul(mul(sub(1, mul(t, t)), 1.3), s), mul(t, mul(s, sub(1, s)))), mul(mul(x, 2), e));
      return [add(mul(t, s), e), slope];
    };
    expect(kernels(f)).toEqual(["sub,add"]);
    expect(kernels((x) => [f(x)[1]!])).toEqual(["sub"]);
  });

  test("an optimiser's step", () => {
    const step = (p: Tensor, m: Tensor, g: Tensor): Tensor[] => {
      const mean = add(mul(m, 0.9), mul(g, 0.1));
      return [sub(p, mul(mean, 0.01)), mean];
    };
    expect(kernels(step)).toEqual(["add,sub"]);
  });

  test("what a sum adds up", () => {
    expect(kernels((x) => [sum(mul(tanh(x), add(tanh(x), 1)))])).toEqual(["sum"]);
  });
});

describe("loops stay apart", () => {
  test("where one reads the other at another place", () => {
    expect(
      kernels((x) => {
        const t = tanh(x);
        return [add(t, transpose(t)), t];
      }),
    ).toEqual(["tanh", "add"]);
  });

  test("where a fold of the one is part of the other", () => {
    expect(
      kernels((x) => {
        const t = tanh(x);
        return [sub(t, sum(t))];
      }),
    ).toEqual(["tanh", "sum", "sub"]);
  });

  test("where another loop between them reads the first and feeds the second", () => {
    expect(
      kernels((x, y) => {
        const t = tanh(x);
        const total = sum(mul(t, y));
        return [t, mul(exp(t), total)];
      }),
    ).toEqual(["tanh", "sum", "mul"]);
  });

  test("where together they would be long", () => {
    const long = kernels((x) => [Array.from({ length: 200 }).reduce<Tensor>((y) => tanh(add(y, x)), x)]);
    expect(long.length).toBeGreaterThan(4);
    expect(long.length).toBeLessThan(20);
  });
});

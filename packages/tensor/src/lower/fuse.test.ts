import { describe, expect, test } from "vitest";
import { ops, type Tensor } from "../index";
import { prune } from "../passes/prune";
import { trace } from "../trace";
import { fuse, type FusionOptions } from "./fuse";

const { add, exp, less, matmul, mul, neg, reshape, sigmoid, sub, sum, tanh, transpose } = ops;

/** The kernels of a function of float32 [n, n] tensors: names of the nodes that each writes. */
function kernels(f: (...ins: Tensor[]) => readonly Tensor[], n = 4, options: FusionOptions = {}): string[] {
  const inputs = Array.from({ length: f.length }, () => ({ dtype: "float32", shape: [n, n] }) as const);
  const tape = prune(trace("f", f, inputs).tape);
  const { inlined, groups, emittedAt } = fuse(tape, options);
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

  test("what is given out in another shape, in its own", () => {
    const f = (x: Tensor): Tensor[] => [reshape(tanh(add(x, x)), [16]), exp(x)];
    expect(kernels(f)).toEqual(["tanh,exp"]);
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

describe("the loop that alone reads a product computes it, where a target wants that,", () => {
  const both = (f: (...ins: Tensor[]) => readonly Tensor[]): string[][] =>
    [false, true].map((epilogues) => kernels(f, 4, { epilogues }));

  test("with all that it reads in step", () => {
    expect(both((x, w, b) => [tanh(add(matmul(x, w), b))])).toEqual([["contract", "tanh"], ["tanh"]]);
  });

  test("and with all that it makes", () => {
    expect(
      both((x, w) => {
        const t = tanh(matmul(x, w));
        return [t, sub(1, mul(t, t))];
      }),
    ).toEqual([["contract", "tanh,sub"], ["tanh,sub"]]);
  });

  test("the later of two products", () => {
    expect(both((x, w, h, u) => [tanh(add(matmul(x, w), matmul(h, u)))])).toEqual([
      ["contract", "contract", "tanh"],
      ["contract", "tanh"],
    ]);
  });

  test("one product, although loops that read one input could be one", () => {
    expect(both((x, w) => [tanh(add(matmul(x, w), x)), neg(add(matmul(w, x), x))])[1]).toEqual(["tanh", "neg"]);
  });

  test("not where it is read at another place, by others, or for bools", () => {
    for (const f of [
      (x: Tensor, w: Tensor) => [tanh(transpose(matmul(x, w)))],
      (x: Tensor, w: Tensor) => [matmul(tanh(matmul(x, w)), matmul(x, w))],
      (x: Tensor, w: Tensor) => [sum(tanh(matmul(x, w)))],
      (x: Tensor, w: Tensor) => [less(matmul(x, w), 0)],
      (x: Tensor, w: Tensor) => [matmul(x, w), tanh(matmul(x, w))],
    ]) {
      const [apart, together] = both(f);
      expect(together).toEqual(apart);
    }
  });
});

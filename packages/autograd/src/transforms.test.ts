import { ops, type Tape, type Tensor, trace } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { transforms } from "./index";
import { linearize, valueAndCotangents } from "./transforms";

const scalar = { dtype: "float64", shape: [] } as const;
const names = (tape: Tape): string[] => tape.nodes.map((node) => node.op.name);

describe("tapes of transforms", () => {
  test("leave out what derivatives do not need", () => {
    const { tape } = trace("f", (x, y) => [x.sin().mul(y.exp().stopGradient())], [scalar, scalar]);
    expect(names(transforms.vjp(tape, [true, true], [true]).tape)).not.toContain("sin");
    const { forward, backward } = linearize(tape, [true, false], [true]);
    expect(names(forward.tape)).toContain("sin");
    expect(names(backward.tape)).not.toContain("sin");
  });

  test("make views again instead of saving them", () => {
    const f = (x: Tensor): Tensor[] => {
      const y = ops.broadcastTo(x, [1000]);
      return [ops.sum(ops.mul(y, y))];
    };
    const { tape } = trace("f", (x) => f(x), [scalar]);
    const { forward } = linearize(tape, [true], [true]);
    expect(forward.tape.outputs).toHaveLength(1);
  });

  test("mark which outputs move and which are batched", () => {
    const { tape } = trace("f", (x, y) => [x.add(y), y.mul(y)], [scalar, scalar]);
    expect(transforms.jvp(tape, [true, false]).movedOuts).toEqual([true, false]);
    expect(transforms.batch(tape, [true, false], 3).batchedOuts).toEqual([true, false]);
    expect(transforms.batch(tape, [true, false], 3, [true, true]).batchedOuts).toEqual([true, true]);
  });

  test("hold for 100,000 nodes", () => {
    const { tape } = trace(
      "chain",
      (x) => {
        let y = x;
        for (let n = 0; n < 50_000; n++) y = ops.add(ops.sin(y), x);
        return [y];
      },
      [scalar],
    );
    expect(tape.nodes).toHaveLength(100_000);
    const both = valueAndCotangents(tape, [true], [true]);
    expect(both.tape.outputs).toHaveLength(2);
    expect(linearize(tape, [true], [true]).backward.tape.outputs).toHaveLength(1);
    expect(transforms.jvp(tape, [true]).movedOuts).toEqual([true]);
    expect(transforms.batch(tape, [true], 4).batchedOuts).toEqual([true]);
  });
});

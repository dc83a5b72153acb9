import { describe, expect, test } from "vitest";
import * as functions from "../functions";
import { tensor } from "../functions";
import type { Attributes, Primitive } from "../primitive";
import type { RuleOps } from "../rules";
import { bind } from "../run";
import { type Shape, sizeOf } from "../shape";
import { Tensor } from "../tensor";
import { cholesky } from "./cholesky";
import { eigh } from "./eigh";
import { lu } from "./lu";
import { luSolve } from "./lu-solve";
import { permuteRows } from "./permute-rows";
import { qr } from "./qr";
import { svd } from "./svd";
import { triangle } from "./triangle";
import { triangularSolve } from "./triangular-solve";

// These rules take no transforms, so the functions are all that they need.
const o = functions as unknown as RuleOps;

let state = 12345;
const random = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 31 - 1;
function matrices(shape: Shape, dominant = 0): Tensor {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  const values = Float64Array.from(
    { length: sizeOf(shape) },
    (_, i) => random() + (Math.floor(i / columns) % rows === i % columns ? dominant : 0),
  );
  return o.reshape(tensor(values), shape);
}
const dot = (x: Tensor, y: Tensor): number => o.sum(o.mul(x, y)).itemSync();

interface Case {
  readonly name: string;
  readonly op: Primitive;
  readonly attributes: Attributes;
  readonly ins: readonly Tensor[];
  /** Inputs and outputs that take part in derivatives. */
  readonly moved: readonly number[];
  readonly outs: readonly number[];
}

const a = matrices([2, 4, 4], 1);
const [packed, permutation, inverse] = bind(lu, [a]);
const root = matrices([2, 4, 4], 3);
const definite = o.matmul(root, o.transpose(root, [0, 2, 1]));
const ways = [true, false].flatMap((lower) =>
  [true, false].flatMap((transpose) => [true, false].map((unitDiagonal) => ({ lower, transpose, unitDiagonal }))),
);
const made = <A extends Attributes>(
  name: string,
  op: Primitive<A>,
  attributes: A,
  ins: Tensor[],
  moved: number[],
  outs: number[],
): Case => ({
  name,
  op: op,
  attributes,
  ins,
  moved,
  outs,
});

const cases: readonly Case[] = [
  made("lu", lu, {}, [a], [0], [0]),
  made("cholesky", cholesky, {}, [definite], [0], [0]),
  made("eigh", eigh, {}, [a], [0], [0, 1]),
  made("svd, square", svd, {}, [a], [0], [0, 1, 2]),
  made("svd, tall", svd, {}, [matrices([2, 5, 3], 1)], [0], [0, 1, 2]),
  made("qr, square", qr, {}, [a], [0], [0, 1]),
  made("qr, tall", qr, {}, [matrices([3, 5, 2], 1)], [0], [0, 1]),
  made("triangle", triangle, { lower: true, offset: -1 }, [a], [0], [0]),
  made("permuteRows", permuteRows, {}, [a, permutation!, inverse!], [0], [0]),
  ...ways.map((way) =>
    made(
      `triangularSolve ${JSON.stringify(way)}`,
      triangularSolve,
      way,
      [matrices([2, 3, 3], 3), matrices([2, 3, 2])],
      [0, 1],
      [0],
    ),
  ),
  ...[true, false].map((transpose) =>
    made(
      `luSolve, transpose ${transpose}`,
      luSolve,
      { transpose },
      [a, packed!, permutation!, matrices([2, 4, 3])],
      [0, 3],
      [0],
    ),
  ),
];

/** Results when the inputs go a step along the tangents; the factors that luSolve takes go with their matrix. */
function moveBy(c: Case, tangents: readonly (Tensor | undefined)[], step: number): readonly Tensor[] {
  const ins = c.ins.map((x, j) => (tangents[j] ? o.add(x, o.mul(tangents[j], step)) : x));
  if (c.op.name === "luSolve") [ins[1], ins[2]] = bind(lu, [ins[0]!]) as [Tensor, Tensor];
  return bind(c.op, ins, c.attributes);
}

describe.each(cases)("$name", (c) => {
  const outs = bind(c.op, c.ins, c.attributes);
  const like = (x: Tensor): Tensor => matrices(x.shape);
  const tangents = c.ins.map((x, j) => (c.moved.includes(j) ? like(x) : undefined));
  const cotangents = outs.map((x, j) => (c.outs.includes(j) ? like(x) : undefined));
  const pushed = c.op.jvp(o, tangents, c.ins, outs, c.attributes);
  const pulled = c.op.vjp(
    o,
    cotangents,
    c.ins,
    outs,
    c.attributes,
    c.ins.map((_, j) => c.moved.includes(j)),
  );

  test("jvp agrees with central differences", () => {
    const step = 1e-5;
    const [ahead, behind] = [moveBy(c, tangents, step), moveBy(c, tangents, -step)];
    for (const k of c.outs) {
      const expected = o.div(o.sub(ahead[k]!, behind[k]!), 2 * step).dataSync();
      pushed[k]!.dataSync().forEach((x, i) =>
        expect(Math.abs(x - expected[i]!)).toBeLessThan(1e-6 * (1 + Math.abs(x))),
      );
    }
  });

  test("vjp is the transpose of jvp", () => {
    const right = c.outs.map((k) => dot(cotangents[k]!, pushed[k]!)).reduce((x, y) => x + y);
    const left = c.moved.map((j) => dot(pulled[j]!, tangents[j]!)).reduce((x, y) => x + y);
    expect(Math.abs(left - right)).toBeLessThan(1e-10 * (1 + Math.abs(right)));
  });

  test("batch is a stack", () => {
    const size = 3;
    // Every choice of batched inputs, but factors go with their matrix.
    const together =
      c.op.name === "luSolve"
        ? [[0, 1, 2], [3]]
        : c.op.name === "permuteRows"
          ? [[0], [1, 2]]
          : c.ins.map((_, j) => [j]);
    for (let chosen = 1; chosen < 2 ** together.length; chosen++) {
      const batched = c.ins.map((_, j) => together.some((group, g) => group.includes(j) && (chosen >> g) % 2 === 1));
      const rows = Array.from({ length: size }, (_, row) => c.ins.map((x, j) => (batched[j] ? variant(x, row) : x)));
      const ins = c.ins.map((x, j) => (batched[j] ? o.stack(rows.map((row) => row[j]!)) : x));
      const results = c.op.batch(o, ins, batched, c.attributes, size);
      results.forEach((result, k) => {
        const expected = o.stack(rows.map((row) => bind(c.op, row, c.attributes)[k]!));
        expect(result.shape).toEqual(expected.shape);
        const values = expected.dataSync();
        result.dataSync().forEach((x, i) => expect(Math.abs(x - values[i]!)).toBeLessThan(1e-12 * (1 + Math.abs(x))));
      });
    }
  });
});

/** Another input of the same kind: scaled, or for integers the same. */
const variant = (x: Tensor, row: number): Tensor => (x.dtype === "int32" ? x : o.mul(x, 1 + row / 4));

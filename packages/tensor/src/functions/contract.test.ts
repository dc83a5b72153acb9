import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Shape, sizeOf } from "../shape";
import { js } from "../targets/js";
import { wasm } from "../targets/wasm";
import { withTarget } from "../targets/default";
import type { Tensor } from "../tensor";
import { contract, dot, matmul, outer } from "./contract";
import { arange, ones, tensor, zeros } from "./create";
import { einsum } from "./einsum";
import { reshape } from "./structure";

const counted = (shape: Shape, start = 0): Tensor =>
  reshape(arange(start, start + sizeOf(shape), 1, { dtype: "float64" }), shape);

/** einsum by loops over all letters. */
function naive(spec: string, operands: readonly Tensor[]): number[] {
  const [left, result] = spec.split("->") as [string, string];
  const terms = left.split(",");
  const lengths = new Map<string, number>();
  terms.forEach((term, j) => [...term].forEach((letter, a) => lengths.set(letter, operands[j]!.shape[a]!)));
  const letters = [...result, ...[...lengths.keys()].filter((letter) => !result.includes(letter))];
  const flat = operands.map((x) => x.dataSync());
  const out = new Array<number>(sizeOf([...result].map((letter) => lengths.get(letter)!))).fill(0);
  const visit = (depth: number, at: Map<string, number>): void => {
    const position = (term: string): number =>
      [...term].reduce((n, letter) => n * lengths.get(letter)! + at.get(letter)!, 0);
    if (depth === letters.length)
      out[position(result)]! += terms.reduce((p, term, j) => p * flat[j]![position(term)]!, 1);
    else for (let i = 0; i < lengths.get(letters[depth]!)!; i++) visit(depth + 1, at.set(letters[depth]!, i));
  };
  visit(0, new Map());
  return out;
}

describe.each([js(), wasm()])("contractions on $name", (target) => {
  const on = (name: string, body: () => void): void => test(name, () => withTarget(target, body));

  on("matmul follows NumPy for vectors, matrices and batches", () => {
    const a = counted([2, 3]);
    expect(matmul(a, counted([3, 2])).arraySync()).toEqual([
      [10, 13],
      [28, 40],
    ]);
    expect(matmul(a, tensor([1, 1, 1])).arraySync()).toEqual([3, 12]);
    expect(matmul(tensor([1, 1]), a).arraySync()).toEqual([3, 5, 7]);
    expect(matmul(tensor([1, 2]), tensor([3, 4])).arraySync()).toBe(11);
    expect(matmul(zeros([5, 1, 2, 3]), zeros([4, 3, 6])).shape).toEqual([5, 4, 2, 6]);
    expect(matmul(ones([2, 2, 3]), ones([3, 1])).arraySync()).toEqual([
      [[3], [3]],
      [[3], [3]],
    ]);
    expect(matmul(zeros([2, 0]), zeros([0, 2])).arraySync()).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(matmul(tensor([[true]]), tensor([[true]])).dtype).toBe("int32");
  });
  on("matmul is the sum of products", () => {
    const length = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(length, length, length, (m, k, n) => {
        const [a, b] = [counted([m, k]), counted([k, n], 3)];
        expect([...matmul(a, b).dataSync()]).toEqual(naive("ij,jk->ik", [a, b]));
      }),
      { numRuns: 30 },
    );
  });
  on("dot, outer and contract", () => {
    expect(dot(tensor([1, 2]), 2).arraySync()).toEqual([2, 4]);
    expect(dot(tensor([1, 2]), tensor([3, 4])).arraySync()).toBe(11);
    expect(dot(zeros([2, 3]), zeros([4, 3, 5])).shape).toEqual([2, 4, 5]);
    expect(outer(tensor([1, 2]), tensor([3, 4])).arraySync()).toEqual([
      [3, 4],
      [6, 8],
    ]);
    expect(contract(zeros([2, 3, 4]), zeros([3, 4, 5]), { axes: 2 }).shape).toEqual([2, 5]);
    expect(contract(zeros([2, 3]), zeros([3, 2]), { axes: [[], []], batch: [[1], [0]] }).shape).toEqual([3, 2, 2]);
  });
  on("einsum is loops over its letters", () => {
    const specs: [string, ...Shape[]][] = [
      ["ij->ji", [2, 3]],
      ["ij->", [2, 3]],
      ["ii->i", [3, 3]],
      ["ii->", [3, 3]],
      ["iji->j", [2, 3, 2]],
      ["ij,jk->ik", [2, 3], [3, 2]],
      ["ij,jk->ki", [2, 3], [3, 2]],
      ["bij,bjk->bik", [2, 2, 3], [2, 3, 2]],
      ["i,j->ij", [2], [3]],
      ["i,i,i->i", [3], [3], [3]],
      ["ij,kl,jk->il", [2, 2], [3, 2], [2, 3]],
      ["ijk,k->j", [2, 3, 2], [2]],
      ["ii,i->i", [2, 2], [2]],
    ];
    for (const [spec, ...shapes] of specs) {
      const operands = shapes.map((shape, j) => counted(shape, j + 1));
      expect([spec, ...einsum(spec, ...operands).dataSync()]).toEqual([spec, ...naive(spec, operands)]);
    }
  });
  on("einsum finds the result's letters, dots and lengths of 1", () => {
    expect(einsum("ba", counted([2, 3])).shape).toEqual([3, 2]);
    expect(einsum("ij,jk", counted([2, 3]), counted([3, 4])).shape).toEqual([2, 4]);
    expect(einsum("...ij,...jk->...ik", zeros([5, 1, 2, 3]), zeros([4, 3, 6])).shape).toEqual([5, 4, 2, 6]);
    expect(einsum("i...->...", ones([3, 2])).arraySync()).toEqual([3, 3]);
    expect(einsum("ij,ij->ij", ones([2, 1]), ones([2, 3])).shape).toEqual([2, 3]);
    expect(einsum("i,ij->j", ones([1]), ones([3, 2])).arraySync()).toEqual([3, 3]);
  });
  on("errors name the shapes and the remedy", () => {
    expect(() => matmul(zeros([2, 3]), zeros([4, 5]))).toThrow(
      "matmul: shapes [2, 3] and [4, 5] do not fit (3 against 4); axis 1 of the first must be as long as axis 0 of the second",
    );
    expect(() => matmul(zeros([]), zeros([2]))).toThrow(
      "matmul: shapes [] and [2]; scalars have no matrix product, use mul",
    );
    expect(() => matmul(zeros([2, 1, 3]), zeros([3, 3, 1]))).toThrow("matmul: shapes [2] and [3] do not broadcast");
    expect(() => einsum("ij,jk->iz", zeros([1, 2]), zeros([2, 1]))).toThrow(
      `einsum: in "ij,jk->iz" the result names "z" that no operand has; name letters of the operands, each once`,
    );
    expect(() => einsum("ij", zeros([2]))).toThrow(
      `einsum: in "ij" "ij" has 2 letters for shape [2]; give one letter for each axis`,
    );
    expect(() => einsum("i,j", zeros([2]))).toThrow("there are 2 terms for 1 operands");
    expect(() => einsum("i,i", zeros([2]), zeros([3]))).toThrow(`"i" is 2 long and 3 in shape [3]`);
    expect(() => contract(zeros([2]), zeros([3]), { axes: [[0], [0]] })).toThrow(
      "contract: axes [0] (batch []) of shape [2] with [0] (batch []) of [3]",
    );
  });
});

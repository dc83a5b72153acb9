import { expect, test } from "vitest";
import * as functions from "../functions";
import type { Attributes, Primitive } from "../primitive";
import type { RuleOps } from "../rules";
import { evaluate } from "../run";
import { sizeOf, type Shape } from "../shape";
import { js } from "../targets/js";
import type { Tensor } from "../tensor";
import * as primitives from "./index";

const o = functions as unknown as RuleOps;
const { tensor, reshape, stack, sum, mul, add } = functions;

let seed = 1;
const random = (): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed / 2 ** 32) * 4 - 2;
};
const draw = (shape: Shape): Tensor =>
  reshape(tensor(Float64Array.from({ length: sizeOf(shape) }, random), { target: js() }), shape);
const ints = (values: readonly number[], shape: Shape): Tensor =>
  reshape(tensor(Int32Array.from(values), { target: js() }), shape);

interface Case {
  readonly op: Primitive;
  readonly ins: readonly Tensor[];
  readonly attributes: Attributes;
}
const of = <A extends Attributes>(op: Primitive<A>, ins: readonly Tensor[], attributes: A): Case => ({
  op: op,
  ins,
  attributes,
});
const p = primitives;
const at = (): Tensor => ints([0, -1, 1, 7], [2, 2]);
const scalarInt = (n: number): Tensor => ints([n], []);
const withZeros = reshape(tensor(Float64Array.from([1.5, 0, 2, 0, 0, -1]), { target: js() }), [2, 3]);

const cases: Case[] = [
  of(p.reshape, [draw([2, 3])], { shape: [3, 2] }),
  of(p.reshape, [draw([])], { shape: [1, 1] }),
  of(p.transpose, [draw([2, 3, 4])], { permutation: [2, 0, 1] }),
  of(p.slice, [draw([5, 4])], { starts: [1, 0], limits: [5, 3], strides: [2, 1] }),
  of(p.slice, [draw([5, 4])], { starts: [1, 2], limits: [1, 3], strides: [2, 1] }),
  of(p.zeroStuff, [draw([2, 3])], { shape: [6, 3], starts: [1, 0], strides: [3, 1] }),
  of(p.pad, [draw([2, 3]), draw([])], { low: [1, 0], high: [0, 2] }),
  of(p.pad, [draw([0, 3]), draw([])], { low: [1, 0], high: [0, 2] }),
  of(p.flip, [draw([2, 3])], { axes: [1] }),
  of(p.concat, [draw([2, 1]), draw([2, 0]), draw([2, 3]), draw([2, 2])], { axis: 1 }),
  of(p.gather, [draw([3, 4]), at()], { axis: 0, batch: 0 }),
  of(p.gather, [draw([3, 4]), at()], { axis: 1, batch: 0 }),
  of(p.gather, [draw([2, 3, 4]), at()], { axis: 2, batch: 1 }),
  of(p.gather, [draw([3]), scalarInt(-2)], { axis: 0, batch: 0 }),
  of(p.scatterAdd, [draw([3, 2]), at(), draw([2, 2, 2])], { axis: 0, batch: 0 }),
  of(p.scatterAdd, [draw([2, 3, 4]), at(), draw([2, 3, 2])], { axis: 2, batch: 1 }),
  of(p.dynamicSlice, [draw([5, 2]), scalarInt(1)], { axis: 0, length: 3 }),
  of(p.dynamicSlice, [draw([5, 2]), scalarInt(9)], { axis: 0, length: 3 }),
  of(p.dynamicSlice, [draw([5, 2]), scalarInt(9)], { axis: 1, length: 0 }),
  of(p.dynamicUpdate, [draw([5, 2]), scalarInt(1), draw([2, 2])], { axis: 0 }),
  of(p.dynamicUpdate, [draw([2, 5]), scalarInt(-3), draw([2, 2])], { axis: 1 }),
  of(p.dynamicUpdate, [draw([2, 5]), scalarInt(-3), draw([2, 0])], { axis: 1 }),
  of(p.sum, [draw([2, 3, 4])], { axes: [0, 2] }),
  of(p.sum, [draw([0, 3])], { axes: [0] }),
  of(p.sum, [draw([2, 150])], { axes: [1] }),
  of(p.prod, [draw([2, 3, 2])], { axes: [0, 2] }),
  of(p.prod, [withZeros], { axes: [1] }),
  of(p.prod, [withZeros], { axes: [] }),
  of(p.max, [draw([2, 3])], { axes: [1] }),
  of(p.min, [draw([2, 3])], { axes: [0, 1] }),
  of(p.logsumexp, [draw([2, 3])], { axes: [0] }),
  of(p.recurrence, [draw([2, 3]), draw([2, 3])], { axis: 1, reverse: false }),
  of(p.recurrence, [draw([3, 2]), draw([3, 2])], { axis: 0, reverse: true }),
  of(p.cumsum, [draw([3, 2])], { axis: 0, reverse: false }),
  of(p.cumprod, [withZeros], { axis: 1, reverse: false }),
  of(p.cumprod, [withZeros], { axis: 1, reverse: true }),
  of(p.cumprod, [draw([2, 0])], { axis: 1, reverse: true }),
  of(p.contract, [draw([2, 3]), draw([3, 4])], { batchA: [], batchB: [], contractA: [1], contractB: [0] }),
  of(p.contract, [draw([2, 5, 3, 4]), draw([4, 6, 3, 5])], {
    batchA: [1],
    batchB: [3],
    contractA: [3, 2],
    contractB: [0, 2],
  }),
  of(p.contract, [draw([2]), draw([3])], { batchA: [], batchB: [], contractA: [], contractB: [] }),
  of(p.contract, [draw([2, 0]), draw([0, 3])], { batchA: [], batchB: [], contractA: [1], contractB: [0] }),
  of(p.argmax, [draw([2, 3])], { axis: 1 }),
  of(p.argsort, [draw([3, 4])], { axis: 0 }),
];

const name = ({ op, ins, attributes }: Case): string =>
  `${op.name} of ${ins.map((x) => `[${x.shape.join()}]`).join(" ")} ${JSON.stringify(attributes)}`;
const run = ({ op, attributes }: Case, ins: readonly Tensor[]): Tensor => evaluate(op, ins, attributes)[0]!;
const isReal = (x: Tensor): boolean => x.dtype === "float64";
const inner = (a: Tensor, b: Tensor): number => sum(mul(a, b)).itemSync();

for (const c of cases) {
  const out = run(c, c.ins);
  if (isReal(out))
    test(`derivatives of ${name(c)}`, () => {
      const moves = c.ins.map((x) => (isReal(x) ? draw(x.shape) : undefined));
      const along = (h: number): Tensor =>
        run(
          c,
          c.ins.map((x, j) => (moves[j] ? add(x, mul(moves[j], h)) : x)),
        );
      const difference = functions.div(functions.sub(along(1e-5), along(-1e-5)), 2e-5);
      const [tangent] = c.op.jvp(o, moves, c.ins, [out], c.attributes);
      expect(tangent!.shape).toEqual(out.shape);
      tangent!.dataSync().forEach((t, i) => expect(t).toBeCloseTo(difference.dataSync()[i]!, 6));
      const ct = draw(out.shape);
      const back = c.op.vjp(o, [ct], c.ins, [out], c.attributes, c.ins.map(isReal));
      const paired = back.reduce((total, x, j) => total + (x && moves[j] ? inner(x, moves[j]) : 0), 0);
      back.forEach((x, j) => x && expect(x.shape).toEqual(c.ins[j]!.shape));
      expect(paired).toBeCloseTo(inner(ct, tangent!), 9);
    });
  test(`batch is stack for ${name(c)}`, () => {
    for (let mask = 1; mask < 2 ** c.ins.length; mask++) {
      const batched = c.ins.map((_, j) => ((mask >> j) & 1) === 1);
      const lanes = [0, 1].map((lane) =>
        c.ins.map((x, j) => (batched[j] && lane === 1 ? (isReal(x) ? draw(x.shape) : functions.sub(x, 1)) : x)),
      );
      const expected = lanes.map((ins) => run(c, ins));
      const ins = c.ins.map((x, j) => (batched[j] ? stack(lanes.map((lane) => lane[j]!)) : x));
      const [result] = c.op.batch(o, ins, batched, c.attributes, 2);
      expect(result!.shape).toEqual([2, ...out.shape]);
      expect(result!.arraySync()).toEqual(stack(expected).arraySync());
    }
  });
}

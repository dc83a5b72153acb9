import { checkNumbers, checkOptions } from "../arguments";
import { composite, type Two } from "../composite";
import { ShapeError } from "../errors";
import type { TensorLike } from "../literals";
import { contract as contractPrimitive } from "../primitives/contract";
import { bind } from "../run";
import { broadcastShapes, normalizeAxis, printShape } from "../shape";
import type { Tensor } from "../tensor";
import { mul } from "./arithmetic";
import { arrange, multiply } from "./labels";
import { asTensors, settle } from "./operands";
import { countable } from "./reduce";
import { reshape } from "./structure";

/**
 * Matrix product, as NumPy's: of the last two axes, others broadcast; a vector is a row on the left and a column on the right, and that
 * axis is not in the result. `bool` counts as int32.
 * @throws ShapeError for scalars and for inner lengths that differ
 */
export const matmul = (x: TensorLike, y: TensorLike): Tensor => matmulOf(asTensors("matmul", [x, y]));

const matmulOf = composite("matmul", ([x, y]: Two) => {
  const [a, b] = factors("matmul", x, y);
  if (a.ndim === 0 || b.ndim === 0)
    throw new ShapeError(
      `matmul: shapes ${printShape(a.shape)} and ${printShape(b.shape)}; scalars have no matrix product, use mul`,
    );
  checkInner("matmul", a, b, a.ndim - 1, Math.max(0, b.ndim - 2));
  if (a.ndim === 2 && b.ndim === 2) return bind(contractPrimitive, [a, b], ofMatrices)[0]!;
  broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const left = [...batchLabels(a.ndim - 2), ...(a.ndim > 1 ? ["row"] : []), "inner"];
  const right = [...batchLabels(b.ndim - 2), "inner", ...(b.ndim > 1 ? ["column"] : [])];
  const result = [
    ...batchLabels(Math.max(a.ndim, b.ndim) - 2),
    ...(a.ndim > 1 ? ["row"] : []),
    ...(b.ndim > 1 ? ["column"] : []),
  ];
  return arrange(multiply({ x: a, labels: left }, { x: b, labels: right }, new Set(result)), result);
});

const ofMatrices = { batchA: [], batchB: [], contractA: [1], contractB: [0] };

/** Names that count from the last batch axis, so that broadcasting aligns them. */
const batchLabels = (count: number): string[] =>
  Array.from({ length: Math.max(0, count) }, (_, a) => `batch ${count - a}`);

/**
 * Dot product, as NumPy's: Σ over the last axis of x and the last but one of y (its only one if it is a vector); with a scalar, mul.
 */
export const dot = (x: TensorLike, y: TensorLike): Tensor => dotOf(asTensors("dot", [x, y]));

const dotOf = composite("dot", ([x, y]: Two) => {
  const [a, b] = factors("dot", x, y);
  if (a.ndim === 0 || b.ndim === 0) return mul(a, b);
  const [left, right] = [a.ndim - 1, Math.max(0, b.ndim - 2)];
  checkInner("dot", a, b, left, right);
  return contract(a, b, { axes: [[left], [right]] });
});

/** x[i] · y[j] for all pairs: of the flattened tensors, shape [x.size, y.size]. */
export const outer = (x: TensorLike, y: TensorLike): Tensor => outerOf(asTensors("outer", [x, y]));

const outerOf = composite("outer", ([x, y]: Two) => {
  const [a, b] = factors("outer", x, y);
  return mul(reshape(a, [a.size, 1]), reshape(b, [1, b.size]));
});

export interface ContractOptions {
  /**
   * Axes that are multiplied and summed: a list for each tensor, paired in order, or a number n: the last n of a with the first n of b.
   * @defaultValue 1
   */
  readonly axes?: number | readonly [readonly number[], readonly number[]];
  /** Axes that go together and stay, first in the result: a list for each tensor, paired in order. @defaultValue none */
  readonly batch?: readonly [readonly number[], readonly number[]];
}

/**
 * Products summed over pairs of axes (NumPy's tensordot, with batch axes). Result axes: batch, then the rest of a, then the rest of b.
 * @example contract(a, b, { axes: [[1], [0]] }) // matrix product
 */
export const contract = (x: TensorLike, y: TensorLike, options?: ContractOptions): Tensor =>
  contractOf(asTensors("contract", [x, y]), options);

const contractOf = composite("contract", ([x, y]: Two, options: ContractOptions = {}) => {
  checkOptions("contract", options, ["axes", "batch"]);
  const { axes = 1, batch = [[], []] } = options;
  const [a, b] = factors("contract", x, y);
  const span = (from: number, count: number): number[] => Array.from({ length: count }, (_, j) => from + j);
  const lists = typeof axes === "number" ? ([span(a.ndim - axes, axes), span(0, axes)] as const) : axes;
  for (const list of [...lists, ...batch]) checkNumbers("contract", "axes", list);
  const [contractA, batchA] = [lists[0], batch[0]].map((list) =>
    list.map((axis) => normalizeAxis("contract", axis, a.ndim)),
  ) as [number[], number[]];
  const [contractB, batchB] = [lists[1], batch[1]].map((list) =>
    list.map((axis) => normalizeAxis("contract", axis, b.ndim)),
  ) as [number[], number[]];
  const [usedA, usedB] = [
    [...batchA, ...contractA],
    [...batchB, ...contractB],
  ];
  const fits =
    contractA.length === contractB.length &&
    batchA.length === batchB.length &&
    new Set(usedA).size === usedA.length &&
    new Set(usedB).size === usedB.length &&
    usedA.every((axis, j) => a.shape[axis] === b.shape[usedB[j]!]);
  if (!fits)
    throw new ShapeError(
      `contract: axes ${printShape(contractA)} (batch ${printShape(batchA)}) of shape ${printShape(a.shape)} with ` +
        `${printShape(contractB)} (batch ${printShape(batchB)}) of ${printShape(b.shape)}; ` +
        `pair axes of equal length, each at most once`,
    );
  return bind(contractPrimitive, [a, b], { batchA, batchB, contractA, contractB })[0]!;
});

function checkInner(where: string, a: Tensor, b: Tensor, left: number, right: number): void {
  if (a.shape[left] !== b.shape[right])
    throw new ShapeError(
      `${where}: shapes ${printShape(a.shape)} and ${printShape(b.shape)} do not fit (${a.shape[left]} against ${b.shape[right]}); ` +
        `axis ${left} of the first must be as long as axis ${right} of the second`,
    );
}

function factors(where: string, x: TensorLike, y: TensorLike): [Tensor, Tensor] {
  const [a, b] = settle(where, [x, y]);
  return [countable(a), countable(b)];
}

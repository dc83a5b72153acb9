import { DTypeError, invariant } from "../errors";
import type { Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import { sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { sumOfProducts } from "./accumulate";
import { lengthsOf, moveAxis, otherAxes, shiftAxes } from "./axes";
import { alignBatch } from "./elementwise";
import { transpose } from "./transpose";

/** How the axes of a and b pair up. Entry j of the A list meets entry j of the B list. Axes not named are free. */
export type Pairing = {
  readonly batchA: readonly number[];
  readonly batchB: readonly number[];
  readonly contractA: readonly number[];
  readonly contractB: readonly number[];
};

/**
 * Products of two tensors summed over paired axes: result axes are the batch axes in the order of the lists, then the free axes of a,
 * then those of b, ascending. A matrix product is { batchA: [], batchB: [], contractA: [1], contractB: [0] }.
 */
export const contract: Primitive<Pairing> = primitive({
  name: "contract",
  domain: real,
  fusion: "expand",
  shape: ([a, b], { batchA, batchB, contractA, contractB }) => {
    invariant(
      [batchA, contractA].flat().every((axis, j) => a!.shape[axis] === b!.shape[[batchB, contractB].flat()[j]!]),
      "contract pairs axes of equal lengths",
    );
    if (a!.dtype === "bool")
      throw new DTypeError(`contract: takes number tensors, not bool; cast it first, as in cast(x, "float32")`);
    const freeA = otherAxes(a!.shape.length, [...batchA, ...contractA]);
    const freeB = otherAxes(b!.shape.length, [...batchB, ...contractB]);
    const shape = [...lengthsOf(a!.shape, batchA), ...lengthsOf(a!.shape, freeA), ...lengthsOf(b!.shape, freeB)];
    return [{ dtype: a!.dtype, shape }];
  },
  vjp: (o, [ct], [a, b], _outs, pairing, wanted) => {
    if (!ct) return [undefined, undefined];
    return [
      wanted[0] ? cotangentOf(o, ct, a!.ndim, b!, pairing, true) : undefined,
      wanted[1] ? cotangentOf(o, ct, b!.ndim, a!, reversed(pairing), false) : undefined,
    ];
  },
  jvp: (o, [ta, tb], [a, b], _outs, pairing) => {
    const left = ta && o.bind(contract, [ta, b!], pairing)[0]!;
    const right = tb && o.bind(contract, [a!, tb], pairing)[0]!;
    return [left && right ? o.add(left, right) : (left ?? right)];
  },
  batch: (o, [a, b], batched, pairing, size) => {
    const { batchA, contractA, batchB, contractB } = pairing;
    if ((batched[0] && batched[1]) || (batchA.length > 0 && isCopied(a!, b!, batched[0]!, pairing)))
      return o.bind(contract, alignBatch(o, [a!, b!], batched, size), {
        batchA: [0, ...shiftAxes(batchA)],
        batchB: [0, ...shiftAxes(batchB)],
        contractA: shiftAxes(contractA),
        contractB: shiftAxes(contractB),
      });
    const left = batched[0]
      ? { ...pairing, batchA: shiftAxes(batchA), contractA: shiftAxes(contractA) }
      : { ...pairing, batchB: shiftAxes(batchB), contractB: shiftAxes(contractB) };
    const [result] = o.bind(contract, [a!, b!], left);
    // The new axis is the first free one of the input that has it.
    const place = batchA.length + (batched[0] ? 0 : a!.ndim - batchA.length - contractA.length);
    return place === 0 ? [result!] : o.bind(transpose, [result!], { permutation: moveAxis(result!.ndim, place, 0) });
  },
  absorb: (pairing, operand, { op, attributes }) => {
    if (op !== transpose) return undefined;
    const { permutation } = attributes as { readonly permutation: readonly number[] };
    const [batch, contracted] = operand === 0 ? (["batchA", "contractA"] as const) : (["batchB", "contractB"] as const);
    const free = otherAxes(permutation.length, [...pairing[batch], ...pairing[contracted]]);
    const axes = (list: readonly number[]): number[] => list.map((axis) => permutation[axis]!);
    // Free axes of the result are in the order of the operand's.
    if (axes(free).some((axis, j, all) => j > 0 && axis < all[j - 1]!)) return undefined;
    return { ...pairing, [batch]: axes(pairing[batch]), [contracted]: axes(pairing[contracted]) };
  },
  product: ([a, b], { batchA, batchB, contractA, contractB }) => ({
    batch: batchA.map((axis, j) => [axis, batchB[j]!] as const),
    rows: otherAxes(a!.shape.length, [...batchA, ...contractA]),
    columns: otherAxes(b!.shape.length, [...batchB, ...contractB]),
    contracted: contractA.map((axis, j) => [axis, contractB[j]!] as const),
  }),
  element: (k, [a, b], i, { batchA, batchB, contractA, contractB }) => {
    const at = i.axes();
    const freeA = otherAxes(a!.shape.length, [...batchA, ...contractA]);
    const freeB = otherAxes(b!.shape.length, [...batchB, ...contractB]);
    const batch = at.slice(0, batchA.length);
    const split = batchA.length + freeA.length;
    return sumOfProducts(k, a!.dtype, lengthsOf(a!.shape, contractA), (inner) => {
      const pick = (
        rank: number,
        lists: readonly (readonly number[])[],
        values: readonly (readonly Value[])[],
      ): Value[] => {
        const index = new Array<Value>(rank);
        lists.forEach((axes, l) => axes.forEach((axis, j) => (index[axis] = values[l]![j]!)));
        return index;
      };
      const left = pick(a!.shape.length, [batchA, contractA, freeA], [batch, inner, at.slice(batchA.length, split)]);
      const right = pick(b!.shape.length, [batchB, contractB, freeB], [batch, inner, at.slice(split)]);
      return [a!.at(k.index(a!.shape, left)), b!.at(k.index(b!.shape, right))];
    });
  },
});

/**
 * Of two operands one is batched: does the other get a copy for each element? Then a batch of products is a larger one. Else the new axis would be a free one,
 * and where it does not stand next to the other free axes there would be no products of matrices. What is copied is no larger than one element.
 */
function isCopied(a: Tensor, b: Tensor, first: boolean, { batchA, contractA, batchB, contractB }: Pairing): boolean {
  const [x, other, used] = first ? [a, b, [...batchA, ...contractA]] : [b, a, [...batchB, ...contractB]];
  const element = x.shape.slice(1);
  const apart = otherAxes(element.length, used).some((axis, j) => axis !== j && element[axis] !== 1);
  return apart && other.size <= sizeOf(element);
}

const reversed = ({ batchA, batchB, contractA, contractB }: Pairing): Pairing => ({
  batchA: batchB,
  batchB: batchA,
  contractA: contractB,
  contractB: contractA,
});

/** The cotangent of one input (its axes named A in the pairing): the other contracted with ct over the other's free axes. */
function cotangentOf(o: RuleOps, ct: Tensor, rank: number, other: Tensor, pairing: Pairing, first: boolean): Tensor {
  const { batchA, batchB, contractA, contractB } = pairing;
  const free = otherAxes(rank, [...batchA, ...contractA]);
  const freeOther = otherAxes(other.ndim, [...batchB, ...contractB]);
  const batch = batchA.map((_, j) => j);
  const offset = batchA.length + (first ? free.length : 0);
  const pairs: Pairing = {
    batchA: batch,
    batchB,
    contractA: freeOther.map((_, j) => offset + j),
    contractB: freeOther,
  };
  const contracted = [...contractB].sort((x, y) => x - y).map((axis) => contractA[contractB.indexOf(axis)]!);
  const inPlace = (order: readonly number[]): boolean => order.every((axis, j) => axis === j);
  // The free axes of what stands first come first.
  const order = [...batchA, ...free, ...contracted];
  const exchanged = [...batchA, ...contracted, ...free];
  if (inPlace(exchanged) && !inPlace(order)) return o.bind(contract, [other, ct], reversed(pairs))[0]!;
  const [result] = o.bind(contract, [ct, other], pairs);
  if (inPlace(order)) return result!;
  return o.bind(transpose, [result!], { permutation: order.map((_, axis) => order.indexOf(axis)) })[0]!;
}

import type { Value } from "../lower/emitter";
import { type Primitive, real } from "../primitive";
import { shiftAxes } from "./axes";
import { linear } from "./linear";

/** Result axis j is input axis `permutation[j]`. */
export const transpose: Primitive<{ readonly permutation: readonly number[] }> = linear({
  name: "transpose",
  domain: real,
  fusion: "view",
  shape: ([x], { permutation }) => [{ ...x!, shape: permutation.map((axis) => x!.shape[axis]!) }],
  vjp: (o, [ct], _ins, _outs, { permutation }) => [
    ct && o.bind(transpose, [ct], { permutation: permutation.map((_, axis) => permutation.indexOf(axis)) })[0]!,
  ],
  batch: (o, [x], _batched, { permutation }) =>
    o.bind(transpose, [x!], { permutation: [0, ...shiftAxes(permutation)] }),
  order: ({ permutation }) => permutation,
  element: (k, [x], i, { permutation }) => {
    const from = new Array<Value>(permutation.length);
    i.axes().forEach((at, j) => (from[permutation[j]!] = at));
    return x!.at(k.index(x!.shape, from));
  },
});

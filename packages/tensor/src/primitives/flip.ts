import { type Primitive, real } from "../primitive";
import { shiftAxes } from "./axes";
import { linear } from "./linear";

/** Reversed order along `axes`. */
export const flip: Primitive<{ readonly axes: readonly number[] }> = linear({
  name: "flip",
  domain: real,
  fusion: "view",
  shape: ([x]) => [x!],
  vjp: (o, [ct], _ins, _outs, attributes) => [ct && o.bind(flip, [ct], attributes)[0]!],
  batch: (o, [x], _batched, { axes }) => o.bind(flip, [x!], { axes: shiftAxes(axes) }),
  element: (k, [x], i, { axes }) =>
    x!.at(
      k.index(
        x!.shape,
        i.axes().map((at, axis) => (axes.includes(axis) ? k.sub(k.literal("int32", x!.shape[axis]! - 1), at) : at)),
      ),
    ),
});

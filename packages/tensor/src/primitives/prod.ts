import type { Fold } from "../lower/fold";
import { type Primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import { sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { foldAxes } from "./accumulate";
import { lengthsOf, otherAxes } from "./axes";
import { cumprod } from "./cumprod";
import { along, type Axes, overAxes } from "./over-axes";
import { shifted } from "./recurrence";
import { reduced } from "./sum";

const multiplying: Fold = { initial: 1, combine: (k, a, b) => k.mul(a, b) };

/** Product over `axes` (ascending). Integers wrap. */
export const prod: Primitive<Axes> = overAxes({
  name: "prod",
  domain: real,
  fusion: "reduce",
  shape: ([x], { axes }) => [reduced("prod", x!, axes)],
  vjp: (o, [ct], [x], _outs, { axes }) => [ct && o.mul(along(o, ct, x!, axes), productOfOthers(o, x!, axes))],
  jvp: (o, [tangent], [x], _outs, { axes }) => [tangent && o.sum(o.mul(tangent, productOfOthers(o, x!, axes)), axes)],
  element: (k, [x], i, { axes }) => foldAxes(k, x!, axes, i, multiplying),
});

/** For each element the product of the others with which it is multiplied: right for zeros, where dividing by x is not. */
function productOfOthers(o: RuleOps, x: Tensor, axes: readonly number[]): Tensor {
  const kept = otherAxes(x.ndim, axes);
  const order = [...kept, ...axes];
  const moved = o.permute(x, order);
  const lines = o.reshape(moved, [...lengthsOf(x.shape, kept), sizeOf(lengthsOf(x.shape, axes))]);
  const axis = kept.length;
  const before = shifted(o, o.bind(cumprod, [lines], { axis, reverse: false })[0]!, axis, false, o.onesLike);
  const after = shifted(o, o.bind(cumprod, [lines], { axis, reverse: true })[0]!, axis, true, o.onesLike);
  const others = o.reshape(o.mul(before, after), moved.shape);
  return o.permute(
    others,
    order.map((_, a) => order.indexOf(a)),
  );
}

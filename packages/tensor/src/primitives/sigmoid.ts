import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** 1/(1 + e⁻ˣ), without overflow for any x. The derivative is s(1 − s). */
export const sigmoid: Primitive = elementwise({
  name: "sigmoid",
  domain: real,
  takes: "float",
  partials: [(o, _ins, y) => o.mul(y, o.sub(1, y))],
  emit: (k, x) => {
    const one = k.literal(x.dtype, 1);
    const small = k.math("exp", k.neg(k.abs(x)));
    return k.div(k.select(k.less(x, k.literal(x.dtype, 0)), small, one), k.add(one, small));
  },
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** log(1 + eˣ) = max(x, 0) + log1p(e^−|x|), without overflow for any x. The derivative is sigmoid(x). */
export const softplus: Primitive = elementwise({
  name: "softplus",
  domain: real,
  takes: "float",
  partials: [(o, [x]) => o.sigmoid(x!)],
  emit: (k, x) => k.add(k.max(x, k.literal(x.dtype, 0)), k.math("log1p", k.math("exp", k.neg(k.abs(x))))),
});

import { positive, type Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** 1/√x: ∞ at 0, NaN below. The derivative is −½ (1/√x)/x. */
export const rsqrt: Primitive = elementwise({
  name: "rsqrt",
  domain: positive,
  takes: "float",
  partials: [(o, [x], y) => o.div(o.mul(y, -0.5), x!)],
  singular: true,
  emit: (k, x) => k.div(k.literal(x.dtype, 1), k.sqrt(x)),
});

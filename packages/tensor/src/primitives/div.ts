import { positive, type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x / y; IEEE 754: x/0 is ±∞, 0/0 is NaN. ∂/∂y = −(x/y)·(1/y): 1/y is the factor of ∂/∂x, too. */
export const div: Primitive = elementwise({
  name: "div",
  domain: [real, positive],
  takes: "float",
  partials: [(o, [, y]) => o.div(1, y!), (o, [, y], quotient) => o.neg(o.mul(quotient, o.div(1, y!)))],
  singular: true,
  emit: (k, x, y) => k.div(x, y),
});

import { positive, type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x / y; IEEE 754: x/0 is ±∞, 0/0 is NaN. ∂/∂y = −(x/y)/y. */
export const div: Primitive = elementwise({
  name: "div",
  domain: [real, positive],
  takes: "float",
  partials: [(o, [, y]) => o.div(1, y!), (o, [, y], quotient) => o.neg(o.div(quotient, y!))],
  singular: true,
  emit: (k, x, y) => k.div(x, y),
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Inverse tangent, in [−π/2, π/2]. The derivative is 1/(1 + x²). */
export const atan: Primitive = elementwise({
  name: "atan",
  domain: real,
  takes: "float",
  partials: [(o, [x]) => o.div(1, o.add(o.mul(x!, x!), 1))],
  emit: (k, x) => k.math("atan", x),
});

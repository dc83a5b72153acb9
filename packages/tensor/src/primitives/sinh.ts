import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Hyperbolic sine. The derivative is cosh x. */
export const sinh: Primitive = elementwise({
  name: "sinh",
  domain: real,
  takes: "float",
  partials: [(o, [x]) => o.cosh(x!)],
  emit: (k, x) => k.math("sinh", x),
});

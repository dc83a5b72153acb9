import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Hyperbolic cosine. The derivative is sinh x. */
export const cosh: Primitive = elementwise({
  name: "cosh",
  domain: real,
  takes: "float",
  partials: [(o, [x]) => o.sinh(x!)],
  emit: (k, x) => k.math("cosh", x),
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Cosine. The derivative is −sin x. */
export const cos: Primitive = elementwise({
  name: "cos",
  domain: real,
  takes: "float",
  partials: [(o, [x]) => o.neg(o.sin(x!))],
  emit: (k, x) => k.math("cos", x),
});

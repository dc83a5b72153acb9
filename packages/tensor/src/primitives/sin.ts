import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Sine. The derivative is cos x. */
export const sin: Primitive = elementwise({
  name: "sin",
  domain: real,
  takes: "float",
  partials: [(o, [x]) => o.cos(x!)],
  emit: (k, x) => k.math("sin", x),
});

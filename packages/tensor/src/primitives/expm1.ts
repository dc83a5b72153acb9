import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** eˣ − 1, exact also near 0. The derivative is eˣ. */
export const expm1: Primitive = elementwise({
  name: "expm1",
  domain: real,
  takes: "float",
  partials: [(o, _ins, y) => o.add(y, 1)],
  emit: (k, x) => k.math("expm1", x),
});

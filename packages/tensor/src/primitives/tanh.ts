import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Hyperbolic tangent. d tanh(x)/dx = 1 − tanh²(x). */
export const tanh: Primitive = elementwise({
  name: "tanh",
  domain: real,
  takes: "float",
  partials: [(o, _ins, y) => o.sub(1, o.mul(y, y))],
  emit: (k, x) => k.math("tanh", x),
});

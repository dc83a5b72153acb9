import type { Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** Inverse of the error function: ±∞ at ±1, NaN beyond. The derivative is √π/2 e^(y²). */
export const erfinv: Primitive = elementwise({
  name: "erfinv",
  domain: { low: -0.9, high: 0.9 },
  takes: "float",
  partials: [(o, _ins, y) => o.mul(o.exp(o.mul(y, y)), Math.sqrt(Math.PI) / 2)],
  singular: true,
  emit: (k, x) => k.math("erfinv", x),
});

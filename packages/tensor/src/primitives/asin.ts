import type { Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** Inverse sine, in [−π/2, π/2]; NaN beyond ±1. The derivative is 1/√(1 − x²), infinite at ±1. */
export const asin: Primitive = elementwise({
  name: "asin",
  domain: { low: -0.9, high: 0.9 },
  takes: "float",
  partials: [(o, [x]) => o.rsqrt(o.mul(o.sub(1, x!), o.add(x!, 1)))],
  singular: true,
  emit: (k, x) => k.math("asin", x),
});

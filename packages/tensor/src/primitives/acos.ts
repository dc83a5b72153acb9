import type { Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** Inverse cosine, in [0, π]; NaN beyond ±1. The derivative is −1/√(1 − x²), infinite at ±1. */
export const acos: Primitive = elementwise({
  name: "acos",
  domain: { low: -0.9, high: 0.9 },
  takes: "float",
  partials: [(o, [x]) => o.neg(o.rsqrt(o.mul(o.sub(1, x!), o.add(x!, 1))))],
  singular: true,
  emit: (k, x) => k.math("acos", x),
});

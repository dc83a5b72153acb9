import type { Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** Tangent. The derivative is 1 + tan² x. */
export const tan: Primitive = elementwise({
  name: "tan",
  domain: { low: -1.3, high: 1.3 },
  takes: "float",
  partials: [(o, _ins, y) => o.add(o.mul(y, y), 1)],
  emit: (k, x) => k.math("tan", x),
});

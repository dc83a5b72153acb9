import type { Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** log(1 + x), exact also near 0. The derivative is 1/(1 + x). */
export const log1p: Primitive = elementwise({
  name: "log1p",
  domain: { low: -0.8, high: 3 },
  takes: "float",
  partials: [(o, [x]) => o.div(1, o.add(x!, 1))],
  singular: true,
  emit: (k, x) => k.math("log1p", x),
});

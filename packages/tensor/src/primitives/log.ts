import { positive, type Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** Natural logarithm: −∞ at 0, NaN below. The derivative is 1/x. */
export const log: Primitive = elementwise({
  name: "log",
  domain: positive,
  takes: "float",
  partials: [(o, [x]) => o.div(1, x!)],
  singular: true,
  emit: (k, x) => k.math("log", x),
});

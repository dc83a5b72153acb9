import { positive, type Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/** Square root; NaN below 0. The derivative is 1/(2√x), infinite at 0. */
export const sqrt: Primitive = elementwise({
  name: "sqrt",
  domain: positive,
  takes: "float",
  partials: [(o, _ins, y) => o.div(0.5, y)],
  singular: true,
  emit: (k, x) => k.sqrt(x),
});

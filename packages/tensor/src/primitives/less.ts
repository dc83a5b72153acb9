import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x < y; false if either is NaN. */
export const less: Primitive = elementwise({
  name: "less",
  domain: real,
  result: "bool",
  partials: [undefined, undefined],
  emit: (k, x, y) => k.less(x, y),
});

import { type Primitive, real } from "../primitive";
import { chosen } from "./chosen";
import { elementwise } from "./elementwise";

/** The larger of x and y; NaN if either is. Where they are equal each has half the derivative. */
export const maximum: Primitive = elementwise({
  name: "maximum",
  domain: real,
  partials: [(o, [x, y]) => chosen(o, y!, x!), (o, [x, y]) => chosen(o, x!, y!)],
  emit: (k, x, y) => k.max(x, y),
});

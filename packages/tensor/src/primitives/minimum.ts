import { type Primitive, real } from "../primitive";
import { chosen } from "./chosen";
import { elementwise } from "./elementwise";

/** The smaller of x and y; NaN if either is. Where they are equal each has half the derivative. */
export const minimum: Primitive = elementwise({
  name: "minimum",
  domain: real,
  partials: [(o, [x, y]) => chosen(o, x!, y!), (o, [x, y]) => chosen(o, y!, x!)],
  emit: (k, x, y) => k.min(x, y),
});

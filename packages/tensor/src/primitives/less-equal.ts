import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x ≤ y; false if either is NaN. */
export const lessEqual: Primitive = elementwise({
  name: "lessEqual",
  domain: real,
  result: "bool",
  partials: [undefined, undefined],
  emit: (k, x, y) => k.lessEqual(x, y),
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x · y. Integers wrap. */
export const mul: Primitive = elementwise({
  name: "mul",
  domain: real,
  partials: [(_o, [, y]) => y!, (_o, [x]) => x!],
  emit: (k, x, y) => k.mul(x, y),
});

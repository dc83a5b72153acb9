import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x − y. Integers wrap. */
export const sub: Primitive = elementwise({
  name: "sub",
  domain: real,
  partials: [() => 1, () => -1],
  emit: (k, x, y) => k.sub(x, y),
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x + y. Integers wrap. */
export const add: Primitive = elementwise({
  name: "add",
  domain: real,
  partials: [() => 1, () => 1],
  adds: true,
  emit: (k, x, y) => k.add(x, y),
});

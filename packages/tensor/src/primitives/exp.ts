import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** eˣ, its own derivative. */
export const exp: Primitive = elementwise({
  name: "exp",
  domain: real,
  takes: "float",
  partials: [(_o, _ins, y) => y],
  emit: (k, x) => k.math("exp", x),
});

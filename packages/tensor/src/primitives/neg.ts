import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** −x. Integers wrap. */
export const neg: Primitive = elementwise({
  name: "neg",
  domain: real,
  partials: [() => -1],
  emit: (k, x) => k.neg(x),
});

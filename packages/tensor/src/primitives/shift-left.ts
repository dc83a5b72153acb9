import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x · 2ⁿ in 32 bits; the amount is taken modulo 32. */
export const shiftLeft: Primitive = elementwise({
  name: "shiftLeft",
  domain: real,
  takes: "integer",
  partials: [undefined, undefined],
  emit: (k, x, by) => k.shiftLeft(x, by),
});

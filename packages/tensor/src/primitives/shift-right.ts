import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** ⌊x / 2ⁿ⌋: int32 keeps its sign, uint32 fills with zeros. The amount is taken modulo 32. */
export const shiftRight: Primitive = elementwise({
  name: "shiftRight",
  domain: real,
  takes: "integer",
  partials: [undefined, undefined],
  emit: (k, x, by) => k.shiftRight(x, by),
});

import { sigmoid as emitSigmoid } from "../lower/math/sigmoid";
import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** 1/(1 + e⁻ˣ), without overflow for any x. The derivative is s(1 − s). */
export const sigmoid: Primitive = elementwise({
  name: "sigmoid",
  domain: real,
  takes: "float",
  partials: [(o, _ins, y) => o.mul(y, o.sub(1, y))],
  emit: emitSigmoid,
});

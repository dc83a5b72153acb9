import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** Nearest integer, halves to the even one. The derivative is 0 everywhere. */
export const round: Primitive = elementwise({
  name: "round",
  domain: { ...real, kinks: [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5] },
  takes: "float",
  partials: [undefined],
  emit: (k, x) => k.round(x),
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x itself, with a derivative of 0. */
export const stopGradient: Primitive = elementwise({
  name: "stopGradient",
  domain: real,
  takes: "any",
  partials: [undefined],
  emit: (_k, x) => x,
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x ∨ y on bool, bit by bit on integers. */
export const or: Primitive = elementwise({
  name: "or",
  domain: real,
  takes: "bits",
  partials: [undefined, undefined],
  emit: (k, x, y) => k.or(x, y),
});

import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x ∧ y on bool, bit by bit on integers. */
export const and: Primitive = elementwise({
  name: "and",
  domain: real,
  takes: "bits",
  partials: [undefined, undefined],
  emit: (k, x, y) => k.and(x, y),
});

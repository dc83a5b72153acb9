import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** ¬x on bool, bit by bit on integers. */
export const not: Primitive = elementwise({
  name: "not",
  domain: real,
  takes: "bits",
  partials: [undefined],
  emit: (k, x) => k.not(x),
});

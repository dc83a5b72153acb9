import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x ⊕ y on bool, bit by bit on integers. */
export const xor: Primitive = elementwise({
  name: "xor",
  domain: real,
  takes: "bits",
  partials: [undefined, undefined],
  emit: (k, x, y) => (x.dtype === "bool" ? k.notEqual(x, y) : k.xor(x, y)),
});

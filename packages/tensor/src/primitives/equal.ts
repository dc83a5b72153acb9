import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** x = y; −0 equals +0, NaN equals nothing. */
export const equal: Primitive = elementwise({
  name: "equal",
  domain: real,
  takes: "any",
  result: "bool",
  partials: [undefined, undefined],
  emit: (k, x, y) => k.equal(x, y),
});

import type { Primitive } from "../primitive";
import { argExtremum } from "./arg-extremum";

/** Position of the greatest element along `axis`: the first of equals; the first NaN if there is one. */
export const argmax: Primitive<{ readonly axis: number }> = argExtremum(
  "argmax",
  "least",
  (k, value, best) => k.less(best, value),
  (k, a, b) => k.max(a, b),
);

import type { Primitive } from "../primitive";
import { argExtremum } from "./arg-extremum";

/** Position of the least element along `axis`: the first of equals; the first NaN if there is one. */
export const argmin: Primitive<{ readonly axis: number }> = argExtremum(
  "argmin",
  "greatest",
  (k, value, best) => k.less(value, best),
  (k, a, b) => k.min(a, b),
);

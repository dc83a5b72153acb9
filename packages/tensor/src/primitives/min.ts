import type { Primitive } from "../primitive";
import { extremum } from "./extremum";

/** Least element over `axes` (ascending); NaN if there is one. */
export const min: Primitive<{ readonly axes: readonly number[] }> = extremum("min", "greatest", (k, a, b) =>
  a.dtype === "bool" ? k.and(a, b) : k.min(a, b),
);

import type { Primitive } from "../primitive";
import { extremum } from "./extremum";

/** Greatest element over `axes` (ascending); NaN if there is one. */
export const max: Primitive<{ readonly axes: readonly number[] }> = extremum("max", "least", (k, a, b) =>
  a.dtype === "bool" ? k.or(a, b) : k.max(a, b),
);

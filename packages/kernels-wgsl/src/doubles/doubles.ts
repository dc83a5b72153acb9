import type { MathFunction, MathRule } from "@dzdt/tensor/lower";
import type { HelperSources } from "../wgsl/helpers";

/** What a target needs to compute in float64: apart from the rest, as only targets that are asked for it load it. */
export interface Doubles {
  /** Functions of WGSL on pairs. */
  readonly helpers: HelperSources;
  /** Rules of elementary functions that differ from those of `lower/math`. */
  rule(name: MathFunction): MathRule | undefined;
  /** Doubles as pairs of singles, rounded to about 49 bits; ±∞ beyond the range of singles. */
  split(values: Float64Array): Float32Array<ArrayBuffer>;
  /** Pairs as doubles, exactly. */
  join(pairs: Float32Array): Float64Array<ArrayBuffer>;
}

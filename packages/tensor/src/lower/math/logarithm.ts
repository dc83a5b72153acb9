import type { Emitter, Value } from "../emitter";
import { type ByFloat, decompose, floats, forDType } from "./floats";

/**
 * (ln((1 + s)/(1 − s)) − 2s)/s³ as a polynomial in s² for |s| ≤ (√2 − 1)/(√2 + 1), minimax (Remez exchange in 45 digits);
 * `rough` in the error of the logarithm itself, not of its ratio to s.
 * The scheme, f − (f²/2 − s(f²/2 + R)) with s = f/(2 + f), is that of fdlibm's e_log.c (Ng 1993), in which the large terms are exact.
 */
const constants: ByFloat<{
  readonly series: readonly number[];
  readonly rough: readonly number[];
  readonly ln2: readonly [number, number];
}> = {
  float32: {
    series: [0.6666666269302368, 0.40000972151756287, 0.2849879562854767, 0.24278685450553894],
    rough: [0.6665340065956116, 0.41288766264915466],
    ln2: [0.693145751953125, 1.428606765330187e-6],
  },
  float64: {
    series: [
      0.6666666666666735, 0.3999999999940876, 0.2857142874390761, 0.22222198399120835, 0.1818357421947948,
      0.15313777473379406, 0.14798868601324638,
    ],
    rough: [
      0.6666666666651293, 0.40000000081465403, 0.28571413130583756, 0.22223620188235296, 0.18116465256593509,
      0.16898154355618442,
    ],
    ln2: [0.6931471805601177, -1.7239444525614835e-13],
  },
};

/** exponent·ln2 + ln(1 + rest) + tail, for √½ ≤ 1 + rest < √2 and a small tail. */
export function logarithm(k: Emitter, exponent: Value, rest: Value, tail?: Value): Value {
  const f = floats(k, rest.dtype);
  const { series, ln2 } = forDType(constants, rest.dtype);
  const n = k.cast(exponent, rest.dtype);
  const s = f.div(rest, f.add(rest, 2));
  const z = f.mul(s, s);
  const halfSquare = f.mul(f.mul(rest, 0.5), rest);
  const correction = f.mul(s, f.add(halfSquare, f.mul(z, f.polynomial(z, series))));
  const low = f.mul(n, ln2[1]);
  const small = f.add(correction, tail === undefined ? low : f.add(low, tail));
  return f.sub(f.mul(n, ln2[0]), f.sub(f.sub(halfSquare, small), rest));
}

/**
 * −ln x for a positive normal x, with an absolute error of about a unit in the last place of 1 or of the result, whichever is larger. Of 0 and of
 * negative numbers it is large: 87 or more (float64: 708).
 */
export function roughNegativeLogarithm(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const { rough, ln2 } = forDType(constants, x.dtype);
  const { exponent, fraction } = decompose(k, x, { normal: true });
  const s = f.div(f.sub(fraction, 1), f.add(fraction, 1));
  const z = f.mul(s, s);
  const large = f.mul(k.cast(exponent, x.dtype), -(ln2[0] + ln2[1]));
  return f.sub(large, f.mul(s, f.add(f.mul(z, f.polynomial(z, rough)), 2)));
}

/** `result` for finite x > −offset; −∞ at the pole, NaN beyond it, and x itself where that is infinite or NaN. */
export function withPole(k: Emitter, x: Value, pole: number, result: Value): Value {
  const f = floats(k, x.dtype);
  const regular = k.and(f.less(pole, x), f.less(x, Infinity));
  const special = f.select(f.equal(x, pole), -Infinity, f.select(f.less(x, pole), NaN, x));
  return f.select(regular, result, special);
}

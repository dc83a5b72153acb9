import type { Emitter, Value } from "../emitter";
import type { Pair } from "./double-length";
import { floats, upperHalf } from "./floats";

/** Quotients below this have so few bits that their whole parts times the halves of a divisor are exact. */
const direct = 2 ** 21;

/**
 * Floating-point remainder with the sign of the dividend, exact: `x − y·trunc(x/y)` with nothing rounded, in double precision.
 *
 * A quotient is rounded, so that its whole part n is the true one or one more, and x − n·y, of which no bits are lost, is the remainder or that less y. What is
 * left by an n of which only the upper bits were taken is a multiple of the last bit of y times that of n, and no larger than their product: a number again.
 */
export function remainder(k: Emitter, x: Value, y: Value): Value {
  const f = floats(k, "float64");
  const single = x.dtype === "float32";
  const [dividend, divisor] = [k.cast(k.abs(x), "float64"), k.cast(k.abs(y), "float64")];
  const rest = k.variable(dividend);
  /** Takes away a multiple of a divisor of which it is given the halves. */
  const less = (n: Value, [high, low]: Pair | readonly [Value]): Value => {
    const left = f.sub(rest.get(), f.mul(n, high));
    return low ? f.sub(left, f.mul(n, low)) : left;
  };
  const halves = (by: Value): Pair | readonly [Value] => {
    if (single) return [by];
    const high = upperHalf(k, by);
    return [high, f.sub(by, high)];
  };
  const quotient = k.variable(f.div(dividend, divisor));
  k.if(k.lessEqual(f.value(direct), quotient.get()), () => {
    // Quotients of doubles may be too large for doubles: up to 2²⁰⁹⁸.
    const larger = f.mul(divisor, 2 ** 537);
    for (const by of single ? [divisor] : [f.mul(larger, 2 ** 537), larger, divisor]) {
      const parts = halves(by);
      const next = k.variable(f.div(rest.get(), by));
      k.while(
        () => k.lessEqual(f.value(direct), k.abs(next.get())),
        () => {
          rest.set(less(upperHalf(k, next.get()), parts));
          next.set(f.div(rest.get(), by));
        },
      );
      quotient.set(next.get());
    }
  });
  const left = less(k.trunc(quotient.get()), halves(divisor));
  const result = f.add(left, f.select(f.less(left, 0), divisor, 0));
  // Times an infinite divisor nothing is a number.
  return k.copySign(k.cast(f.select(k.less(dividend, divisor), dividend, result), x.dtype), x);
}

import type { Emitter, Value } from "../lower/emitter";
import { positive, type Primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { elementwise } from "./elementwise";

/**
 * xʸ. Floats as IEEE 754 has it: x⁰ = 1 for every x, NaN for a negative x with a fractional y. Integers wrap; a negative exponent truncates,
 * so all but ±1 give 0.
 *
 * ∂/∂x = y xʸ⁻¹, 0 for y = 0 also at x = 0. ∂/∂y = xʸ log|x|, 0 where xʸ = 0 and at 0⁰.
 */
export const pow: Primitive = elementwise({
  name: "pow",
  domain: [positive, real],
  partials: [byBase, byExponent],
  singular: true,
  emit: (k, x, y) => (x.dtype === "float32" || x.dtype === "float64" ? k.math("pow", x, y) : integerPower(k, x, y)),
});

// Replacing only the base at (0, 0) keeps the derivative by y, that is xʸ⁻¹ at y = 0, everywhere else.
function byBase(o: RuleOps, [x, y]: readonly Tensor[]): Tensor {
  const undefinedPower = o.and(o.equal(x!, 0), o.equal(y!, 0));
  return o.mul(y!, o.pow(o.where(undefinedPower, 1, x!), o.sub(y!, 1)));
}

function byExponent(o: RuleOps, [x, y]: readonly Tensor[], out: Tensor): Tensor {
  const vanishes = o.or(o.equal(out, 0), o.and(o.equal(x!, 0), o.equal(y!, 0)));
  return o.mul(out, o.log(o.where(vanishes, 1, o.abs(x!))));
}

/** Repeated squaring, from the lowest bit of the exponent. */
function integerPower(k: Emitter, x: Value, y: Value): Value {
  const zero = k.literal(x.dtype, 0);
  const one = k.literal(x.dtype, 1);
  const power = k.variable(one);
  const square = k.variable(x);
  const rest = k.variable(y);
  k.while(
    () => k.less(zero, rest.get()),
    () => {
      const odd = k.notEqual(k.and(rest.get(), one), zero);
      power.set(k.mul(power.get(), k.select(odd, square.get(), one)));
      square.set(k.mul(square.get(), square.get()));
      rest.set(k.shiftRight(rest.get(), one));
    },
  );
  if (x.dtype === "uint32") return power.get();
  const minusOne = k.literal(x.dtype, -1);
  const sign = k.select(k.equal(k.and(y, one), zero), one, minusOne);
  const inverse = k.select(k.equal(x, one), one, k.select(k.equal(x, minusOne), sign, zero));
  return k.select(k.less(y, zero), inverse, power.get());
}

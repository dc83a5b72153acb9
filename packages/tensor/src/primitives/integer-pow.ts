import { DTypeError } from "../errors";
import type { Emitter, Value } from "../lower/emitter";
import { positive, type Primitive, primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { scale, weakness } from "./elementwise";

/**
 * xⁿ for an integer n that is part of the program, by repeated multiplication; x⁰ = 1; a negative n (floats only) gives 1/x⁻ⁿ. Integers
 * wrap. The derivative is n xⁿ⁻¹, 0 for n = 0.
 */
export const integerPow: Primitive<{ readonly exponent: number }> = primitive({
  name: "integerPow",
  domain: positive,
  fusion: "map",
  shape: ([x], { exponent }) => {
    if (x!.dtype === "bool" || (exponent < 0 && x!.dtype !== "float32" && x!.dtype !== "float64"))
      throw new DTypeError(`pow: ${x!.dtype} to the power ${exponent}; cast it first, as in cast(x, "float32")`);
    return [{ dtype: x!.dtype, shape: x!.shape, ...weakness([x!]) }];
  },
  vjp: (o, [ct], [x], _outs, { exponent }) => [ct && derivative(o, ct, x!, exponent)],
  jvp: (o, [tangent], [x], _outs, { exponent }) => [tangent && derivative(o, tangent, x!, exponent)],
  batch: (o, ins, _batched, attributes) => o.bind(integerPow, ins, attributes),
  element: (k, [x], i, { exponent }) => power(k, x!.at(i), exponent),
});

function derivative(o: RuleOps, by: Tensor, x: Tensor, exponent: number): Tensor | undefined {
  if (exponent === 0) return undefined;
  const partial =
    exponent === 1 ? 1 : o.mul(exponent === 2 ? x : o.bind(integerPow, [x], { exponent: exponent - 1 })[0]!, exponent);
  return scale(o, by, partial, exponent < 0);
}

function power(k: Emitter, x: Value, exponent: number): Value {
  const one = k.literal(x.dtype, 1);
  let result: Value | undefined;
  let square = x;
  for (let rest = Math.abs(exponent); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = result ? k.mul(result, square) : square;
    if (rest > 1) square = k.mul(square, square);
  }
  result ??= one;
  return exponent < 0 ? k.div(one, result) : result;
}

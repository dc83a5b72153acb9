import type { Primitive } from "../primitive";
import { elementwise } from "./elementwise";

/**
 * x − y ⌊x/y⌋: the remainder with the sign of the divisor, as NumPy and Python have it; a zero has that sign too. An integer modulo 0 is 0, a
 * float modulo 0 is NaN. ∂/∂x = 1, ∂/∂y = −⌊x/y⌋.
 */
export const mod: Primitive = elementwise({
  name: "mod",
  domain: [
    { low: 0.1, high: 0.9 },
    { low: 1, high: 3 },
  ],
  partials: [() => 1, (o, [x, y]) => o.neg(o.floor(o.div(x!, y!)))],
  emit: (k, x, y) => {
    const remainder = k.rem(x, y);
    if (x.dtype === "uint32") return remainder;
    const zero = k.literal(x.dtype, 0);
    const isZero = k.equal(remainder, zero);
    const signsDiffer = k.notEqual(k.less(remainder, zero), k.less(y, zero));
    const moved = k.select(signsDiffer, k.add(remainder, y), remainder);
    return k.select(isZero, x.dtype === "int32" ? zero : k.copySign(remainder, y), moved);
  },
});

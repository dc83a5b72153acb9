import { type Primitive, real } from "../primitive";
import { elementwise } from "./elementwise";

/** −1, 0 or 1; +0 for both zeros; NaN for NaN. The derivative is 0 everywhere. */
export const sign: Primitive = elementwise({
  name: "sign",
  domain: { ...real, kinks: [0] },
  partials: [undefined],
  emit: (k, x) => {
    const zero = k.literal(x.dtype, 0);
    const one = k.literal(x.dtype, 1);
    const positive = k.select(k.less(zero, x), one, zero);
    if (x.dtype === "uint32") return positive;
    const signed = k.select(k.less(x, zero), k.literal(x.dtype, -1), positive);
    return x.dtype === "int32" ? signed : k.select(k.equal(x, x), signed, x);
  },
});

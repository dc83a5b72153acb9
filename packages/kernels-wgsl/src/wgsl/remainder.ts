import type { Emitter, Value } from "@dzdt/tensor/lower";

/**
 * Floating-point remainder with the sign of the dividend, exact: `x − y·trunc(x/y)` with nothing rounded.
 * Long division in binary, so it takes a step for each bit of the quotient.
 */
export function remainder(k: Emitter, x: Value, y: Value): Value {
  const lit = (n: number): Value => k.literal(x.dtype, n);
  const divisor = k.abs(y);
  const rest = k.variable(k.abs(x));
  const valid = k.and(k.less(rest.get(), lit(Infinity)), k.less(lit(0), divisor));
  k.if(
    valid,
    () =>
      k.if(k.lessEqual(divisor, rest.get()), () => {
        const multiple = k.variable(divisor);
        k.while(
          () => k.lessEqual(k.add(multiple.get(), multiple.get()), rest.get()),
          () => multiple.set(k.add(multiple.get(), multiple.get())),
        );
        k.while(
          () => k.lessEqual(divisor, multiple.get()),
          () => {
            const [m, r] = [multiple.get(), rest.get()];
            rest.set(k.select(k.lessEqual(m, r), k.sub(r, m), r));
            multiple.set(k.mul(m, lit(0.5)));
          },
        );
      }),
    () => rest.set(lit(NaN)),
  );
  return k.copySign(rest.get(), x);
}

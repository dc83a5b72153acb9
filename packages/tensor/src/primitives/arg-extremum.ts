import { isFloat } from "../dtype";
import type { Emitter, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import { dropAxes, mergeIndex } from "./axes";
import { bound, checkSome } from "./extremum";

/** Where the greatest or least element along an axis is, as int32: the first of equals; the first NaN if there is one. */
/* @__NO_SIDE_EFFECTS__ */
export function argExtremum(
  name: string,
  from: "least" | "greatest",
  better: (k: Emitter, value: Value, best: Value) => Value,
): Primitive<{ readonly axis: number }> {
  const self: Primitive<{ readonly axis: number }> = primitive({
    name,
    domain: real,
    fusion: "reduce",
    shape: ([x], { axis }) => {
      checkSome(name, x!.shape, [axis]);
      return [{ dtype: "int32", shape: dropAxes(x!.shape, [axis]) }];
    },
    constant: true,
    vjp: () => [undefined],
    jvp: () => [undefined],
    batch: (o, [x], _batched, { axis }) => o.bind(self, [x!], { axis: axis + 1 }),
    leading: (_ins, { axis }) => axis,
    element: (k, [x], i, { axis }) => {
      const outer = i.axes();
      const float = isFloat(x!.dtype);
      const best = k.variable(k.literal(x!.dtype, bound(x!.dtype, from)));
      const place = k.variable(k.literal("int32", 0));
      k.loop(x!.shape[axis]!, (at) => {
        const value = x!.at(mergeIndex(k, x!.shape, [axis], [at], outer));
        const isBetter = better(k, value, best.get());
        const firstNaN = float && k.and(k.notEqual(value, value), k.equal(best.get(), best.get()));
        k.if(firstNaN ? k.or(isBetter, firstNaN) : isBetter, () => {
          best.set(value);
          place.set(at);
        });
      });
      return place.get();
    },
  });
  return self;
}

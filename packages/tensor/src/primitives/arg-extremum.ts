import { isFloat } from "../dtype";
import type { Emitter, Value } from "../lower/emitter";
import { type Fold, foldStrips } from "../lower/fold";
import { type Aval, type Primitive, primitive, real } from "../primitive";
import { foldsStrips } from "./accumulate";
import { dropAxes, mergeIndex } from "./axes";
import { bound, checkSome } from "./extremum";

/** The first of positions. */
const first: Fold = { initial: 2 ** 31 - 1, combine: (k, a, b) => k.min(a, b) };

/** Do vectors find the best element, then the first that equals it? */
const inLanes = (x: Pick<Aval, "dtype" | "shape">, axis: number): boolean =>
  x.dtype !== "bool" && axis === x.shape.length - 1 && x.shape[axis]! >= shortest && foldsStrips(x, [axis]);

/** Shorter rows are gone through once. */
const shortest = 256;

/** Where the greatest or least element along an axis is, as int32: the first of equals; the first NaN if there is one. */
/* @__NO_SIDE_EFFECTS__ */
export function argExtremum(
  name: string,
  from: "least" | "greatest",
  better: (k: Emitter, value: Value, best: Value) => Value,
  combine: (k: Emitter, a: Value, b: Value) => Value,
): Primitive<{ readonly axis: number }> {
  const self: Primitive<{ readonly axis: number }> = primitive({
    name,
    domain: real,
    // Elements of long rows are read twice.
    fusion: "expand",
    shape: ([x], { axis }) => {
      checkSome(name, x!.shape, [axis]);
      return [{ dtype: "int32", shape: dropAxes(x!.shape, [axis]) }];
    },
    constant: true,
    vjp: () => [undefined],
    jvp: () => [undefined],
    batch: (o, [x], _batched, { axis }) => o.bind(self, [x!], { axis: axis + 1 }),
    leading: (_ins, { axis }) => axis,
    folds: ([x], { axis }) => inLanes(x!, axis),
    element: (k, [x], i, { axis }) => {
      const outer = i.axes();
      if (inLanes(x!, axis)) {
        const length = x!.shape[axis]!;
        const term = (at: Value): Value => x!.at(mergeIndex(k, x!.shape, [axis], [at], outer));
        const best = foldStrips(k, x!.dtype, { initial: bound(x!.dtype, from), combine }, length, term);
        return foldStrips(k, "int32", first, length, (at) => {
          const value = term(at);
          // There is a NaN only if the best is one.
          const found = k.or(k.equal(value, best), k.notEqual(value, value));
          return k.select(found, at, k.literal("int32", first.initial));
        });
      }
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

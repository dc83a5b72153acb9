import { type Primitive, primitive, real } from "../primitive";
import { recurrence, runAlong, shifted, type Step } from "./recurrence";
import { reduced } from "./sum";

/**
 * Running product along `axis`: y₀ = x₀, yᵢ = yᵢ₋₁ xᵢ; from the last element backwards if `reverse`. Its derivatives are recurrences,
 * which are right for zeros, where dividing by x is not.
 */
export const cumprod: Primitive<{ readonly axis: number; readonly reverse: boolean }> = primitive({
  name: "cumprod",
  domain: real,
  fusion: "expand",
  shape: ([x]) => [reduced("cumprod", x!, [])],
  vjp: (o, [ct], [x], [y], { axis, reverse }) => {
    if (!ct) return [undefined];
    const factors = shifted(o, x!, axis, !reverse, o.zerosLike);
    const [later] = o.bind(recurrence, [factors, ct], { axis, reverse: !reverse });
    return [o.mul(later!, shifted(o, y!, axis, reverse, o.onesLike))];
  },
  jvp: (o, [tangent], [x], [y], { axis, reverse }) => [
    tangent &&
      o.bind(recurrence, [x!, o.mul(tangent, shifted(o, y!, axis, reverse, o.onesLike))], { axis, reverse })[0]!,
  ],
  batch: (o, [x], _batched, { axis, reverse }) => o.bind(cumprod, [x!], { axis: axis + 1, reverse }),
  kernel: {
    run: (k, ins, [out], _scratch, { axis, reverse }) => runAlong(k, ins, out!, axis, reverse, next),
    known: (attributes) => ({ kind: "scan", ...attributes, scaled: true, next }),
  },
});

const next: Step = (k, before, [x]) => (before ? k.mul(before, x!) : x!);

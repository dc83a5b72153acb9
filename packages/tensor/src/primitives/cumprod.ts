import { type KernelRule, type Primitive, primitive, real } from "../primitive";
import { recurrence, shifted } from "./recurrence";
import { type Along, running, type Step } from "./running";
import { reduced } from "./sum";

const next: Step = (k, before, [x]) => (before ? k.mul(before, x!) : x!);
const kernel: KernelRule<Along> = running(next, true);

/**
 * Running product along `axis`: y₀ = x₀, yᵢ = yᵢ₋₁ xᵢ; from the last element backwards if `reverse`. Its derivatives are recurrences,
 * which are right for zeros, where dividing by x is not.
 */
export const cumprod: Primitive<Along> = primitive({
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
  kernel,
});

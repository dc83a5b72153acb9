import { type KernelRule, type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { concat } from "./concat";
import { alignBatch } from "./elementwise";
import { type Along, running, type Step } from "./running";
import { cut } from "./slice";

const next: Step = (k, before, [a, b]) => (before ? k.add(k.mul(a!, before), b!) : b!);

const kernel: KernelRule<Along> = running(next, true);

/**
 * Inputs a and b of one shape: y with y₀ = b₀ and yᵢ = aᵢ yᵢ₋₁ + bᵢ along `axis`; from the last element backwards if `reverse`.
 * The derivative of running sums and products.
 */
export const recurrence: Primitive<Along> = primitive({
  name: "recurrence",
  domain: real,
  fusion: "expand",
  shape: ([a]) => [{ dtype: a!.dtype, shape: a!.shape }],
  vjp: (o, [ct], [a], [y], { axis, reverse }, wanted) => {
    if (!ct) return [undefined, undefined];
    const factors = shifted(o, a!, axis, !reverse, o.zerosLike);
    const [moved] = o.bind(recurrence, [factors, ct], { axis, reverse: !reverse });
    return [wanted[0] ? o.mul(moved!, shifted(o, y!, axis, reverse, o.zerosLike)) : undefined, moved];
  },
  jvp: (o, [ta, tb], [a], [y], { axis, reverse }) => {
    const scaled = ta && o.mul(ta, shifted(o, y!, axis, reverse, o.zerosLike));
    const moved = scaled && tb ? o.add(scaled, tb) : (scaled ?? tb);
    return [moved && o.bind(recurrence, [a!, moved], { axis, reverse })[0]!];
  },
  batch: (o, ins, batched, { axis, reverse }, size) =>
    o.bind(recurrence, alignBatch(o, ins, batched, size), { axis: axis + 1, reverse }),
  kernel,
});

/** x moved by one along an axis, towards the end (towards the start if `reverse`); what `filler` gives takes the free place. */
export function shifted(o: RuleOps, x: Tensor, axis: number, reverse: boolean, filler: (x: Tensor) => Tensor): Tensor {
  const length = x.shape[axis]!;
  if (length === 0) return x;
  const free = filler(cut(o, x, axis, 0, 1));
  const parts = reverse ? [cut(o, x, axis, 1, length), free] : [free, cut(o, x, axis, 0, length - 1)];
  return o.bind(concat, parts, { axis })[0]!;
}

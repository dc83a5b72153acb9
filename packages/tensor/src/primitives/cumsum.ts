import { type KernelRule, type Primitive, real } from "../primitive";
import { linear } from "./linear";
import { type Along, running, type Step } from "./running";
import { reduced } from "./sum";

const next: Step = (k, before, [x]) => (before ? k.add(before, x!) : x!);
const kernel: KernelRule<Along> = running(next, false);

/** Running sum along `axis`: y₀ = x₀, yᵢ = yᵢ₋₁ + xᵢ; from the last element backwards if `reverse`. */
export const cumsum: Primitive<Along> = linear({
  name: "cumsum",
  domain: real,
  fusion: "expand",
  shape: ([x]) => [reduced("cumsum", x!, [])],
  vjp: (o, [ct], _ins, _outs, { axis, reverse }) => [ct && o.bind(cumsum, [ct], { axis, reverse: !reverse })[0]!],
  batch: (o, [x], _batched, { axis, reverse }) => o.bind(cumsum, [x!], { axis: axis + 1, reverse }),
  kernel,
});

import { type Primitive, primitive, real } from "../primitive";
import { runAlong, type Step } from "./recurrence";
import { reduced } from "./sum";

/** Running sum along `axis`: y₀ = x₀, yᵢ = yᵢ₋₁ + xᵢ; from the last element backwards if `reverse`. */
export const cumsum: Primitive<{ readonly axis: number; readonly reverse: boolean }> = primitive({
  name: "cumsum",
  domain: real,
  fusion: "expand",
  shape: ([x]) => [reduced("cumsum", x!, [])],
  vjp: (o, [ct], _ins, _outs, { axis, reverse }) => [ct && o.bind(cumsum, [ct], { axis, reverse: !reverse })[0]!],
  jvp: (o, [tangent], _ins, _outs, attributes) => [tangent && o.bind(cumsum, [tangent], attributes)[0]!],
  batch: (o, [x], _batched, { axis, reverse }) => o.bind(cumsum, [x!], { axis: axis + 1, reverse }),
  kernel: {
    run: (k, ins, [out], _scratch, { axis, reverse }) => runAlong(k, ins, out!, axis, reverse, next),
    known: (attributes) => ({ kind: "scan", ...attributes, scaled: false, next }),
  },
});

const next: Step = (k, before, [x]) => (before ? k.add(before, x!) : x!);

import { type Primitive, primitive, real } from "../primitive";
import type { Shape } from "../shape";

/**
 * The row-major position of every element of a tensor of `shape`, as uint32. Of the input only the tape or target counts, where the result
 * belongs; so a compiled program computes positions instead of carrying them as a constant.
 */
export const positions: Primitive<{ readonly shape: Shape }> = primitive({
  name: "positions",
  domain: real,
  fusion: "view",
  shape: (_ins, { shape }) => [{ dtype: "uint32", shape }],
  vjp: () => [undefined],
  jvp: () => [undefined],
  batch: (o, [x], _batched, { shape }, size) => [
    o.broadcastTo(o.bind(positions, [x!], { shape })[0]!, [size, ...shape]),
  ],
  element: (k, _args, i) => k.cast(i.flat(), "uint32"),
});

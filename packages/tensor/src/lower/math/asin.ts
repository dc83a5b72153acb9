import type { Emitter, Value } from "../emitter";
import { arcsine, quarterTurn } from "./arcsine";
import { floats, forDType } from "./floats";

/** Inverse sine; NaN outside [−1, 1]. */
export function asin(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const { small, root, excess, head, tail } = arcsine(k, x);
  const { high, low } = forDType(quarterTurn, x.dtype);
  // π/2 − 2(head + tail + excess) about π/4, in the order of fdlibm's e_asin.c (Ng 1993), which keeps the error below one unit.
  const rest = f.sub(f.mul(excess, 2), f.sub(low, f.mul(tail, 2)));
  const about = f.sub(high / 2, f.mul(head, 2));
  const large = f.sub(high / 2, f.sub(rest, about));
  return k.copySign(f.select(small, f.add(root, excess), large), x);
}

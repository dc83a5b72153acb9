import type { Emitter, Value } from "../emitter";
import { arcsine, quarterTurn } from "./arcsine";
import { floats, forDType } from "./floats";

/** Inverse cosine; NaN outside [−1, 1]. */
export function acos(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const { small, root, excess, head, tail } = arcsine(k, x);
  const { high, low } = forDType(quarterTurn, x.dtype);
  const about0 = f.sub(high, f.sub(x, f.sub(low, k.copySign(excess, x))));
  const right = f.mul(f.add(head, f.add(excess, tail)), 2);
  const left = f.mul(f.sub(high, f.add(root, f.sub(excess, low))), 2);
  return f.select(small, about0, f.select(f.less(x, 0), left, right));
}

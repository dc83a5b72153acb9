import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";

/** 1 where low < high, ½ where they are equal, else 0: the derivative of a choice between two values. */
export const chosen = (o: RuleOps, low: Tensor, high: Tensor): Tensor =>
  o.where(o.equal(low, high), 0.5, o.cast(o.less(low, high), low.dtype));

import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";

/** Zeros of a tensor's dtype and shape, as part of the program that it belongs to. */
export const zerosLike = (o: RuleOps, x: Tensor): Tensor => o.broadcastTo(o.numberLike(0, x), x.shape);

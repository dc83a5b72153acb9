import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { diagonal } from "./triangle";

/** Vectors `[…, n]` as rows `[…, 1, n]`. */
export const across = (o: RuleOps, x: Tensor): Tensor => o.reshape(x, [...x.shape.slice(0, -1), 1, x.shape.at(-1)!]);

/** Vectors `[…, n]` as columns `[…, n, 1]`. */
export const down = (o: RuleOps, x: Tensor): Tensor => o.reshape(x, [...x.shape, 1]);

/** Matrices with vectors on their diagonals. */
export const onDiagonal = (o: RuleOps, x: Tensor): Tensor =>
  diagonal(o, o.broadcastTo(across(o, x), [...x.shape, x.shape.at(-1)!]));

/** 1/x, and 0 where x is 0. */
export function inverse(o: RuleOps, x: Tensor): Tensor {
  const zero = o.equal(x, 0);
  return o.where(zero, 0, o.div(1, o.where(zero, 1, x)));
}

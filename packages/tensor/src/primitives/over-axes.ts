import { type Primitive, primitive } from "../primitive";
import type { RuleOps } from "../rules";
import type { Tensor } from "../tensor";
import { foldsStrips } from "./accumulate";
import { otherAxes, shiftAxes } from "./axes";
import { broadcast } from "./broadcast";

export type Axes = { readonly axes: readonly number[] };

/** An operation that folds its one input over `axes` (ascending), which the result has not. */
/* @__NO_SIDE_EFFECTS__ */
export function overAxes(rules: Omit<Primitive<Axes>, "batch" | "folds" | "leading">): Primitive<Axes> {
  const self: Primitive<Axes> = primitive<Axes>({
    ...rules,
    batch: (o, [x], _batched, { axes }) => o.bind(self, [x!], { axes: shiftAxes(axes) }),
    folds: ([x], { axes }) => foldsStrips(x!, axes),
    leading: ([x], { axes }) => axes[0] ?? x!.shape.length,
  });
  return self;
}

/** A result over `axes` of x, repeated along them. */
export const along = (o: RuleOps, y: Tensor, x: Tensor, axes: readonly number[]): Tensor =>
  o.bind(broadcast, [y], { shape: x.shape, axes: otherAxes(x.ndim, axes) })[0]!;

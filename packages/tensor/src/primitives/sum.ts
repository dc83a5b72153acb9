import { type DType, isFloat } from "../dtype";
import { DTypeError } from "../errors";
import { adding } from "../lower/fold";
import { type Aval, type Primitive, primitive, real } from "../primitive";
import { foldAxes, foldsStrips } from "./accumulate";
import { dropAxes, otherAxes, shiftAxes } from "./axes";
import { broadcast } from "./broadcast";

/** Sum over `axes` (ascending). Floats in blocks, so that the error grows with log n; integers wrap. */
export const sum: Primitive<{ readonly axes: readonly number[] }> = primitive({
  name: "sum",
  domain: real,
  fusion: "reduce",
  shape: ([x], { axes }) => [reduced("sum", x!, axes)],
  vjp: (o, [ct], [x], _outs, { axes }) => [
    ct && o.bind(broadcast, [ct], { shape: x!.shape, axes: otherAxes(x!.ndim, axes) })[0]!,
  ],
  jvp: (o, [tangent], _ins, _outs, attributes) => [tangent && o.bind(sum, [tangent], attributes)[0]!],
  batch: (o, [x], _batched, { axes }) => o.bind(sum, [x!], { axes: shiftAxes(axes) }),
  folds: ([x], { axes }) => foldsStrips(x!, axes),
  leading: ([x], { axes }) => axes[0] ?? x!.shape.length,
  element: (k, [x], i, { axes }) => foldAxes(k, x!, axes, i, adding),
});

/** The type of x without `axes`. @throws DTypeError for bool, which has no arithmetic, and for integers where only floats are taken. */
export function reduced(where: string, x: Aval, axes: readonly number[], takes: "number" | "float" = "number"): Aval {
  const fits: (dtype: DType) => boolean = takes === "float" ? isFloat : (dtype) => dtype !== "bool";
  if (!fits(x.dtype))
    throw new DTypeError(`${where}: takes ${takes} tensors, not ${x.dtype}; cast it first, as in cast(x, "float32")`);
  return { ...x, shape: dropAxes(x.shape, axes) };
}

import { type DType, isFloat } from "../dtype";
import { DTypeError } from "../errors";
import { type Aval, type Primitive, primitive, real } from "../primitive";
import { sumOver } from "./accumulate";
import { dropAxes, lengthsOf, mergeIndex, otherAxes, shiftAxes } from "./axes";
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
  element: (k, [x], i, { axes }) => {
    const outer = i.axes();
    return sumOver(k, x!.dtype, lengthsOf(x!.shape, axes), (inner) =>
      x!.at(mergeIndex(k, x!.shape, axes, inner, outer)),
    );
  },
});

/** The type of x without `axes`. @throws DTypeError for bool, which has no arithmetic, and for integers where only floats are taken. */
export function reduced(where: string, x: Aval, axes: readonly number[], takes: "number" | "float" = "number"): Aval {
  const fits: (dtype: DType) => boolean = takes === "float" ? isFloat : (dtype) => dtype !== "bool";
  if (!fits(x.dtype))
    throw new DTypeError(`${where}: takes ${takes} tensors, not ${x.dtype}; cast it first, as in cast(x, "float32")`);
  return { ...x, shape: dropAxes(x.shape, axes) };
}

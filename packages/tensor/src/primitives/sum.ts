import { type DType, isFloat } from "../dtype";
import { DTypeError } from "../errors";
import { adding } from "../lower/fold";
import { type Aval, type Primitive, real } from "../primitive";
import { foldAxes } from "./accumulate";
import { dropAxes } from "./axes";
import { along, type Axes, overAxes } from "./over-axes";

/** Sum over `axes` (ascending). Floats in blocks, so that the error grows with log n; integers wrap. */
export const sum: Primitive<Axes> = overAxes({
  name: "sum",
  domain: real,
  fusion: "reduce",
  shape: ([x], { axes }) => [reduced("sum", x!, axes)],
  vjp: (o, [ct], [x], _outs, { axes }) => [ct && along(o, ct, x!, axes)],
  jvp: (o, [tangent], _ins, _outs, attributes) => [tangent && o.bind(sum, [tangent], attributes)[0]!],
  element: (k, [x], i, { axes }) => foldAxes(k, x!, axes, i, adding),
});

/** The type of x without `axes`. @throws DTypeError for bool, which has no arithmetic, and for integers where only floats are taken. */
export function reduced(where: string, x: Aval, axes: readonly number[], takes: "number" | "float" = "number"): Aval {
  const fits: (dtype: DType) => boolean = takes === "float" ? isFloat : (dtype) => dtype !== "bool";
  if (!fits(x.dtype))
    throw new DTypeError(`${where}: takes ${takes} tensors, not ${x.dtype}; cast it first, as in cast(x, "float32")`);
  return { ...x, shape: dropAxes(x.shape, axes) };
}

import { type DType, isFloat, promote } from "../dtype";
import { asTensor, numberLike, type TensorLike } from "../literals";
import { broadcast } from "../primitives/broadcast";
import { cast as castPrimitive } from "../primitives/cast";
import { bind } from "../run";
import { broadcastShapes, printShape, sameShape, type Shape } from "../shape";
import { ShapeError } from "../errors";
import type { Tensor } from "../tensor";

/**
 * Operands brought to one dtype and one shape: numbers are weak (they take the dtype of the tensors they meet), dtypes promote,
 * shapes broadcast as NumPy's do.
 */
export function operands(where: string, ...values: readonly TensorLike[]): Tensor[] {
  const tensors = settle(where, values);
  const shape = broadcastShapes(where, ...tensors.map((x) => x.shape));
  return tensors.map((x) => repeat(x, shape));
}

/** Values as tensors of their common dtype; shapes as they are. */
export function settle(where: string, values: readonly TensorLike[]): Tensor[] {
  const like =
    values.find((x): x is Tensor => typeof x === "object" && !x.weak) ?? values.find((x) => typeof x === "object");
  const tensors = values.map((x) => (typeof x === "object" ? x : like ? numberLike(x, like) : asTensor(x)));
  const strong = tensors.filter((x) => !x.weak);
  const common = (strong.length ? strong : tensors).map((x) => x.dtype).reduce((a, b) => promote(where, a, b));
  // A traced number beside integers could be fractional, so it makes them float32.
  const dtype = strong.length < tensors.length && !isFloat(common) ? "float32" : common;
  return tensors.map((x) => convert(x, dtype));
}

/** Like {@link operands}; integers and bool become float32. */
export function floatOperands(where: string, ...values: readonly TensorLike[]): Tensor[] {
  return operands(where, ...values).map(asFloat);
}

/** A tensor of floats: integers and bool become float32. */
export const asFloat = (x: TensorLike): Tensor => {
  const tensor = asTensor(x);
  return isFloat(tensor.dtype) ? tensor : convert(tensor, "float32");
};

/** `x` with another dtype; itself if it has that already. A weak number loses its weakness. */
export const convert = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype ? x : bind(castPrimitive, [x], { dtype })[0]!;

/** `x` repeated to a shape that it broadcasts to. */
export function repeat(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const skip = shape.length - x.shape.length;
  const fits = skip >= 0 && x.shape.every((length, j) => length === 1 || length === shape[skip + j]);
  if (!fits)
    throw new ShapeError(
      `broadcastTo: shape ${printShape(x.shape)} does not broadcast to ${printShape(shape)}; ` +
        `lengths must be equal or 1, counted from the last axis`,
    );
  return bind(broadcast, [x], { shape, axes: x.shape.map((_, j) => skip + j) })[0]!;
}

import { type DType, isFloat, promote } from "../dtype";
import { asTensor, checkOperand, numberLike, operand, type TensorLike } from "../literals";
import { broadcast } from "../primitives/broadcast";
import { cast as castPrimitive } from "../primitives/cast";
import type { Primitive } from "../primitive";
import { bind, evaluateOn, innermost, type Preparation } from "../run";
import { broadcastShapes, printShape, sameShape, type Shape, sizeOf } from "../shape";
import { ShapeError } from "../errors";
import type { Tape } from "../tape";
import { Tensor } from "../tensor";

/**
 * An elementwise operation of two operands brought to one dtype and one shape: numbers are weak (they take the dtype of the tensors they meet),
 * dtypes promote, shapes broadcast as NumPy's do.
 */
export function binary(op: Primitive, where: string, x: TensorLike, y: TensorLike): Tensor {
  if (x instanceof Tensor && y instanceof Tensor && agree(x, y)) return bind(op, [x, y])[0]!;
  return meet(op, where, settle(where, [x, y]));
}

/** Like {@link binary}; integers and bool become float32. */
export function floatBinary(op: Primitive, where: string, x: TensorLike, y: TensorLike): Tensor {
  if (x instanceof Tensor && y instanceof Tensor && agree(x, y) && isFloat(x.dtype)) return bind(op, [x, y])[0]!;
  return meet(
    op,
    where,
    settle(where, [x, y]).map((z) => asFloat(z)),
  );
}

function meet(op: Primitive, where: string, tensors: readonly Tensor[]): Tensor {
  const [x, y] = tensors as [Tensor, Tensor];
  const shape = x.ndim === 0 ? y.shape : y.ndim === 0 ? x.shape : broadcastShapes(where, x.shape, y.shape);
  if (sameShape(x.shape, shape) && sameShape(y.shape, shape)) return bind(op, tensors)[0]!;
  const tape = innermost(tensors);
  return tape
    ? bind(op, [repeat(x, shape, tape), repeat(y, shape, tape)])[0]!
    : evaluateOn(op, tensors, {}, repeated)[0]!;
}

/** Broadcasts in the program of the operation that they are for. */
const repeated: Preparation = {
  name: "broadcast",
  prepare: (tape, ins) => {
    const shape = broadcastShapes("broadcast", ...ins.map((x) => x.shape));
    return ins.map((x) => (sameShape(x.shape, shape) ? x : repeatOn(tape, x, shape)));
  },
};

/** The operands of {@link binary}, of any number. */
export function operands(where: string, ...values: readonly TensorLike[]): Tensor[] {
  const tensors = settle(where, values);
  const shape = broadcastShapes(where, ...tensors.map((x) => x.shape));
  const tape = innermost(tensors);
  return tensors.map((x) => repeat(x, shape, tape));
}

/** Do two tensors meet as they are? */
const agree = (x: Tensor, y: Tensor): boolean =>
  x.dtype === y.dtype && !x.weak && !y.weak && sameShape(x.shape, y.shape);

/** Values as tensors of their common dtype; shapes as they are. */
export function settle(where: string, values: readonly TensorLike[]): Tensor[] {
  if (values.length === 2) {
    const [x, y] = values as readonly [TensorLike, TensorLike];
    if (x instanceof Tensor) {
      if (!(y instanceof Tensor)) {
        if (!x.weak && isFloat(x.dtype)) return [x, numberLike(y, x, where)];
      } else if (x.dtype === y.dtype && !x.weak && !y.weak) return [x, y];
    } else if (y instanceof Tensor && !y.weak && isFloat(y.dtype)) return [numberLike(x, y, where), y];
  }
  for (const x of values) checkOperand(where, x);
  const like =
    values.find((x): x is Tensor => typeof x === "object" && !x.weak) ?? values.find((x) => typeof x === "object");
  const tensors = values.map((x) => (typeof x === "object" ? x : like ? numberLike(x, like) : asTensor(x)));
  const strong = tensors.filter((x) => !x.weak);
  const common = (strong.length ? strong : tensors).map((x) => x.dtype).reduce((a, b) => promote(where, a, b));
  // A traced number beside integers could be fractional, so it makes them float32.
  const dtype = strong.length < tensors.length && !isFloat(common) ? "float32" : common;
  return tensors.map((x) => convert(x, dtype));
}

/** A tensor of floats: integers and bool become float32. */
export const asFloat = (x: TensorLike, where = "tensor"): Tensor => {
  const tensor = operand(where, x);
  return isFloat(tensor.dtype) ? tensor : convert(tensor, "float32");
};

/** `x` with another dtype; itself if it has that already. A weak number loses its weakness. */
export const convert = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype ? x : bind(castPrimitive, [x], { dtype })[0]!;

/** Larger results are made where they are read: else a loop would read them from memory, and sum their cotangents apart. */
const mostRepeatedOutside = 4096;

/** `x` repeated to a shape that it broadcasts to: numbers of the host language, and where many come of few, on `tape`, that of what it meets. */
export function repeat(x: Tensor, shape: Shape, tape?: Tape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const skip = shape.length - x.shape.length;
  const fits = skip >= 0 && x.shape.every((length, j) => length === 1 || length === shape[skip + j]);
  if (!fits)
    throw new ShapeError(
      `broadcastTo: shape ${printShape(x.shape)} does not broadcast to ${printShape(shape)}; ` +
        `lengths must be equal or 1, counted from the last axis`,
    );
  const here = (x.ndim === 0 && !x.tape) || sizeOf(shape) > mostRepeatedOutside;
  return repeatOn(here ? tape : undefined, x, shape);
}

/** Records or runs a broadcast of lengths that fit. */
function repeatOn(tape: Tape | undefined, x: Tensor, shape: Shape): Tensor {
  const skip = shape.length - x.shape.length;
  const attributes = { shape, axes: x.shape.map((_, j) => skip + j) };
  return (tape ? tape.record(broadcast, [x], attributes) : bind(broadcast, [x], attributes))[0]!;
}

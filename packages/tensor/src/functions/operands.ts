import { type DType, isFloat, promote } from "../dtype";
import { composite, type Two } from "../composite";
import { asTensor, checkOperand, numberLike, operand, type TensorLike } from "../literals";
import { broadcast } from "../primitives/broadcast";
import { cast as castPrimitive } from "../primitives/cast";
import type { Primitive } from "../primitive";
import { bind, innermost } from "../run";
import { broadcastShapes, printShape, sameShape, type Shape, sizeOf } from "../shape";
import { ShapeError } from "../errors";
import type { Tape } from "../tape";
import { Tensor } from "../tensor";

/**
 * An elementwise operation of two operands brought to one dtype and one shape: numbers are weak (they take the dtype of the tensors they meet),
 * dtypes promote, shapes broadcast as NumPy's do.
 */
export const binary = (op: Primitive, where: string, x: TensorLike, y: TensorLike): Tensor =>
  meet(op, where, asTensors(where, [x, y]), false);

/** Like {@link binary}; integers and bool become float32. */
export const floatBinary = (op: Primitive, where: string, x: TensorLike, y: TensorLike): Tensor =>
  meet(op, where, asTensors(where, [x, y]), true);

type Meeting = (ins: Two, where: string, floats: boolean) => Tensor;

function meet(op: Primitive, where: string, ins: Two, floats: boolean): Tensor {
  if (agree(ins[0], ins[1]) && (!floats || isFloat(ins[0].dtype))) return bind(op, ins)[0]!;
  let meeting = meetings.get(op);
  if (!meeting) meetings.set(op, (meeting = meetingOf(op)));
  return meeting(ins, where, floats);
}

/** The same with what brings operands together, by operation. */
const meetings = new Map<Primitive, Meeting>();

const meetingOf = (op: Primitive): Meeting =>
  composite(op.name, (ins, where, floats) => {
    const settled = settle(where, ins);
    return bind(op, spread(where, floats ? settled.map((z) => asFloat(z)) : settled))[0]!;
  });

/** Operands broadcast to one shape. */
export function spread(where: string, tensors: readonly Tensor[]): readonly Tensor[] {
  const shape = broadcastShapes(where, ...tensors.map((x) => x.shape));
  const tape = innermost(tensors);
  return tensors.map((x) => repeat(x, shape, tape));
}

/** Do two tensors meet as they are? */
const agree = (x: Tensor, y: Tensor): boolean =>
  x.dtype === y.dtype && !x.weak && !y.weak && sameShape(x.shape, y.shape);

/** Tensors in place of any others. */
type Tensors<Values extends readonly TensorLike[]> = { readonly [K in keyof Values]: Tensor };

/** Values as tensors, numbers among them of the dtype that they have beside the others. */
export function asTensors<const Values extends readonly TensorLike[]>(where: string, values: Values): Tensors<Values> {
  return tensorsOf(where, values) as Tensors<Values>;
}

function tensorsOf(where: string, values: readonly TensorLike[]): readonly Tensor[] {
  if (values.length === 2) {
    const x = values[0]!;
    const y = values[1]!;
    if (x instanceof Tensor && y instanceof Tensor) return [x, y];
    if (x instanceof Tensor && !x.weak) return [x, numberLike(y as number, x, where)];
    if (y instanceof Tensor && !y.weak) return [numberLike(x as number, y, where), y];
  }
  for (const x of values) checkOperand(where, x);
  const like =
    values.find((x): x is Tensor => typeof x === "object" && !x.weak) ?? values.find((x) => typeof x === "object");
  return values.map((x) => (typeof x === "object" ? x : like ? numberLike(x, like) : asTensor(x)));
}

/** Values as tensors of their common dtype; shapes as they are. */
export function settle<const Values extends readonly TensorLike[]>(where: string, values: Values): Tensors<Values> {
  const tensors = tensorsOf(where, values);
  const { dtype } = tensors[0]!;
  if (tensors.every((x) => x.dtype === dtype && !x.weak)) return tensors as Tensors<Values>;
  const strong = tensors.filter((x) => !x.weak);
  const common = (strong.length ? strong : tensors).map((x) => x.dtype).reduce((a, b) => promote(where, a, b));
  // A traced number beside integers could be fractional, so it makes them float32.
  const to = strong.length < tensors.length && !isFloat(common) ? "float32" : common;
  return tensors.map((x) => convert(x, to)) as Tensors<Values>;
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

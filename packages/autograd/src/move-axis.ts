import { ops, type Tensor } from "@dzdt/tensor";

/** `x` with axis `from` put at place `to`; the others keep their order. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  axes.splice(to, 0, from);
  return ops.transpose(x, axes);
}

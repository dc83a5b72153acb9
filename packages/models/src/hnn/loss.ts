import type { Tensor } from "@dzdt/tensor";

/** States and their measured time derivatives, row by row. */
export type DerivativeBatch = {
  /** `[…, 2·dim]`: q, then p */
  readonly y: Tensor;
  /** Like `y`. */
  readonly dy: Tensor;
};

/** Mean squared error of the derivatives over all components and rows, as the published code has it. */
export function derivativeLoss(derivative: (y: Tensor) => Tensor, { y, dy }: DerivativeBatch): Tensor {
  if (y.shape.join() !== dy.shape.join())
    throw new Error(
      `hnn.loss: dy is [${dy.shape.join(", ")}] for states y of [${y.shape.join(", ")}]; give one derivative per component of y`,
    );
  return derivative(y).sub(dy).square().mean();
}

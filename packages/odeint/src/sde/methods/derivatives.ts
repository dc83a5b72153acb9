import { jvp } from "@dzdt/autograd";
import { stack, type Tensor } from "@dzdt/tensor";
import type { SdeFields } from "../fields";

/** The diffusion's derivative along leaves of the state: leaves like the diffusion's. */
export const diffusionAlong = (
  fields: SdeFields,
  t: Tensor,
  y: readonly Tensor[],
  direction: readonly Tensor[],
): Tensor[] => jvp((...at: Tensor[]) => fields.diffusion(t, at), [...y], [...direction])[1];

/** Column j of a diffusion matrix: leaves of the state. */
export const column = (g: readonly Tensor[], j: number): Tensor[] =>
  g.map((x) => {
    const shape = x.shape.slice(0, -1);
    return x.slice([...shape.map(() => 0), j], [...shape, j + 1]).reshape(shape);
  });

/**
 * Σⱼ (∂gⱼ) vⱼ over the noises j, leaves of the state. vⱼ is column j of g·mix, or gⱼ itself without a mix: then it is twice the difference between the
 * drifts of one equation in the sense of Itô and of Stratonovich.
 */
export function alongColumns(
  fields: SdeFields,
  t: Tensor,
  y: readonly Tensor[],
  g: readonly Tensor[],
  mix?: Tensor,
): Tensor[] {
  if (fields.form !== "matrix") return diffusionAlong(fields, t, y, g);
  const count = fields.shape[0]!;
  const terms = Array.from({ length: count }, (_, j) => {
    const direction = mix ? fields.times(g, column([mix], j)[0]!) : column(g, j);
    return column(diffusionAlong(fields, t, y, direction), j);
  });
  return y.map((_, k) => (terms.length > 0 ? stack(terms.map((term) => term[k]!)).sum(0) : y[k]!.mul(0)));
}

import { full, type DType, type Tensor } from "@dzdt/tensor";

/** Where d starts: D = 0.01. Not zero, where the gradient of d² vanishes. */
const start = 0.1;

/** The learned number d; the damping is D = d², so that it never adds energy. */
export const initDamping = (dtype: DType): Tensor => full([], start, { dtype });

/** D = d². */
export const dampingOf = (d: Tensor): Tensor => d.square();

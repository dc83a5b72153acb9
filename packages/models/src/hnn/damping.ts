import { full, type DType, type Tensor } from "@dzdt/tensor";

/** Where d starts: D = 0.01. Not zero, where the gradient of d² vanishes. */
const start = 0.1;

/** The learned number d. The damping is D = d², which cannot become negative. */
export const initDamping = (dtype: DType): Tensor => full([], start, { dtype });

/** D = d². */
export const dampingOf = (d: Tensor): Tensor => d.square();

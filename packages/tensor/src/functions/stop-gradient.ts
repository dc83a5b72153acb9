import { asTensor, type TensorLike } from "../literals";
import { stopGradient as stopGradientPrimitive } from "../primitives/stop-gradient";
import { bind } from "../run";
import type { Tensor } from "../tensor";

/** x itself, taken as a constant by derivatives. */
export const stopGradient = (x: TensorLike): Tensor => bind(stopGradientPrimitive, [asTensor(x)])[0]!;

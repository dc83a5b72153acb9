import type { Target, Tensor, TypedArray } from "@dzdt/tensor";

/**
 * The numbers of a tensor where they can be had at once, good until a program runs: not of a traced one, nor of one on a device that must be
 * waited for.
 */
export function atHand(x: Tensor): TypedArray | undefined {
  const known = x.concrete();
  const values = known?.target.read(known.storage);
  return values instanceof Promise ? undefined : values;
}

/** The dtype of times on a target: float64 where there is one. */
export const timeType = (target: Target): "float32" | "float64" => (target.supports("float64") ? "float64" : "float32");

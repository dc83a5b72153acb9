import { bind, call, type Tensor } from "@dzdt/tensor";
import { traceFunction } from "./traced-function";

/**
 * The same function, whose intermediate values are computed again in the backward pass instead of being kept for it: memory for time.
 * Gradients are the same.
 * @example grad((x: Tensor) => checkpoint(block)(x).sum())
 */
export function checkpoint<A extends readonly Tensor[], Y>(f: (...args: A) => Y): (...args: A) => Y;
export function checkpoint<A extends readonly unknown[], Y>(f: (...args: A) => Y): (...args: A) => Y;
export function checkpoint<A extends readonly unknown[], Y>(f: (...args: A) => Y): (...args: A) => Y {
  return (...args) => {
    const { tape, ins, result } = traceFunction(f, args, { where: "checkpoint", numbers: "weak" });
    return result.rebuild(bind(call, ins, { tape, remat: true })) as Y;
  };
}

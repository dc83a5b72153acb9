import { checkFunction } from "../arguments";
import { checkTarget, type Target } from "./target";
import { wasm } from "./wasm";

let chosen: Target | undefined;

/** The target of new tensors: `wasm()` unless another is set by giving it here. */
export function defaultTarget(target?: Target): Target {
  if (target) {
    checkTarget("defaultTarget", target);
    chosen = target;
  }
  return (chosen ??= wasm());
}

/** Runs a synchronous function with another default target. @throws TypeError if it returns a promise. */
export function withTarget<R>(target: Target, fn: () => R): R {
  checkTarget("withTarget", target);
  checkFunction("withTarget", fn);
  const before = chosen;
  chosen = target;
  try {
    const result = fn();
    if (result instanceof Promise)
      throw new TypeError(
        "withTarget: the function returned a promise; it must be synchronous, use defaultTarget(target) instead",
      );
    return result;
  } finally {
    chosen = before;
  }
}

import { invariant } from "../errors";
import { mostFacts } from "../failures";
import type { Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import { sizeOf } from "../shape";
import type { Tensor } from "../tensor";

/**
 * x, unchanged; if `code` (an int32 scalar, a number of `registerFailure`) is not 0, the program's return becomes a throw, of an error that is told `facts`,
 * if there are any: up to 12 numbers `[facts]` of the widest float that the target has. Cotangents and tangents pass the same check, so that a failure is
 * noticed whichever of them is used.
 */
export const check: Primitive = primitive({
  name: "check",
  domain: [real, { low: 0, high: 0 }],
  fusion: "expand",
  shape: ([x, code, facts]) => {
    invariant(code!.dtype === "int32" && code!.shape.length === 0, "check takes an int32 scalar as code");
    const told = facts?.shape ?? [0];
    invariant(told.length === 1 && told[0]! <= mostFacts, `check takes at most ${mostFacts} facts, as a vector`);
    return [{ ...x! }];
  },
  vjp: (o, [ct], [, ...failure]) => [ct && o.bind(check, [ct, ...failure])[0]!, ...failure.map(() => undefined)],
  jvp: (o, [tangent], [, ...failure]) => [tangent && o.bind(check, [tangent, ...failure])[0]!],
  batch: (o, [x, code, facts], batched, _attributes, size) => {
    const wide = batched[0] ? x! : o.broadcastTo(x!, [size, ...x!.shape]);
    // Of all elements the one with the greatest number, or the first of those that fail together.
    const one = (each: Tensor): Tensor =>
      batched[1] ? o.take(each, o.argmax(code!, 0), 0) : o.reshape(o.slice(each, [0], [1]), each.shape.slice(1));
    const failure = [code!, ...(facts ? [facts] : [])].map((each, j) => (batched[j + 1] ? one(each) : each));
    return o.bind(check, [wide, ...failure]);
  },
  kernel: {
    run: (k, [x, code, facts], [out]) => {
      const int = (n: number): Value => k.literal("int32", n);
      const told = Array.from({ length: facts?.shape[0] ?? 0 }, (_, n) => facts!.load(int(n)));
      k.fail(code!.load(int(0)), told);
      const copy = (i: Value): void => out!.store(i, x!.load(i));
      if (k.independent) k.independent(sizeOf(x!.shape), copy);
      else k.loop(sizeOf(x!.shape), copy);
    },
  },
});

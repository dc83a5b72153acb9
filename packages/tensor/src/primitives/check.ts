import { invariant } from "../errors";
import { type Primitive, primitive, real } from "../primitive";

/**
 * x, unchanged; if `code` (an int32 scalar, a number of `registerFailure`) is not 0, the program's return becomes a throw. Cotangents and tangents pass
 * the same check, so that a failure is noticed whichever of them is used.
 */
export const check: Primitive = primitive({
  name: "check",
  domain: [real, { low: 0, high: 0 }],
  fusion: "expand",
  shape: ([x, code]) => {
    invariant(code!.dtype === "int32" && code!.shape.length === 0, "check takes an int32 scalar as code");
    return [{ ...x! }];
  },
  vjp: (o, [ct], [, code]) => [ct && o.bind(check, [ct, code!])[0]!, undefined],
  jvp: (o, [tangent], [, code]) => [tangent && o.bind(check, [tangent, code!])[0]!],
  batch: (o, [x, code], batched, _attributes, size) => {
    const wide = batched[0] ? x! : o.broadcastTo(x!, [size, ...x!.shape]);
    return o.bind(check, [wide, batched[1] ? o.max(code!) : code!]);
  },
  kernel: {
    run: (k, [x, code], [out]) => {
      k.fail(code!.load(k.literal("int32", 0)));
      k.loop(
        x!.shape.reduce((n, d) => n * d, 1),
        (i) => out!.store(i, x!.load(i)),
      );
    },
  },
});

import type { Emitter, Memory, Value } from "../lower/emitter";
import type { KernelRule } from "../primitive";
import { eachLine, spansOf, via } from "./axes";

/** Along which axis; from the last element backwards if `reverse`. */
export type Along = { readonly axis: number; readonly reverse: boolean };

/** An element of a result from the one before it, which is absent for the first, and the elements of the inputs. */
export type Step = (k: Emitter, before: Value | undefined, elements: readonly Value[]) => Value;

/** The kernel of an operation that goes along an axis. @param scaled is yᵢ a multiple of yᵢ₋₁ plus something, the first input's elements the factors? */
/* @__NO_SIDE_EFFECTS__ */
export function running(next: Step, scaled: boolean): KernelRule<Along> {
  return {
    run: (k, ins, [out], _scratch, { axis, reverse }) => runAlong(k, ins, out!, axis, reverse, next),
    known: (attributes) => ({ kind: "scan", ...attributes, scaled, next }),
  };
}

/** Emits the elements of a result along every line of an axis, in order. */
function runAlong(k: Emitter, ins: readonly Memory[], out: Memory, axis: number, reverse: boolean, step: Step): void {
  const length = out.shape[axis]!;
  if (length === 0) return;
  const int = (value: number): Value => k.literal("int32", value);
  const { outer, inner: stride } = spansOf(out.shape, axis);
  if (k.runs && stride >= 8) {
    // Lines side by side, so that memory is gone through in its order.
    const row = (line: Value, i: Value, isFirst: boolean): void => {
      const place = reverse ? k.sub(int(length - 1), i) : i;
      const first = k.mul(k.add(k.mul(line, int(length)), place), int(stride));
      k.runs!(stride, (k, j) => {
        const at = k.add(first, j);
        const to = via(k, out);
        const before = isFirst ? undefined : to.load(k.add(at, int(reverse ? stride : -stride)));
        const elements = ins.map((x) => via(k, x).load(at));
        to.store(at, step(k, before, elements));
      });
    };
    return k.loop(outer, (line) => {
      row(line, int(0), true);
      k.loop(length - 1, (i) => row(line, k.add(i, int(1)), false));
    });
  }
  eachLine(k, out.shape, axis, (from) => {
    const first = reverse ? k.add(from, int((length - 1) * stride)) : from;
    const elements = (at: Value): Value[] => ins.map((x) => x.load(at));
    const last = k.variable(step(k, undefined, elements(first)));
    out.store(first, last.get());
    k.loop(length - 1, (i) => {
      const offset = k.mul(k.add(i, int(1)), int(stride));
      const at = reverse ? k.sub(first, offset) : k.add(first, offset);
      last.set(step(k, last.get(), elements(at)));
      out.store(at, last.get());
    });
  });
}

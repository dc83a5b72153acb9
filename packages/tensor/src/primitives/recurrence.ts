import type { Emitter, Memory, Value } from "../lower/emitter";
import { type Primitive, primitive, real } from "../primitive";
import type { RuleOps } from "../rules";
import type { Shape } from "../shape";
import type { Tensor } from "../tensor";
import { eachLine, spansOf, via } from "./axes";
import { concat } from "./concat";
import { alignBatch } from "./elementwise";
import { slice } from "./slice";

/**
 * Inputs a and b of one shape: y with y₀ = b₀ and yᵢ = aᵢ yᵢ₋₁ + bᵢ along `axis`; from the last element backwards if `reverse`.
 * The derivative of running sums and products.
 */
export const recurrence: Primitive<{ readonly axis: number; readonly reverse: boolean }> = primitive({
  name: "recurrence",
  domain: real,
  fusion: "expand",
  shape: ([a]) => [{ dtype: a!.dtype, shape: a!.shape }],
  vjp: (o, [ct], [a], [y], { axis, reverse }, wanted) => {
    if (!ct) return [undefined, undefined];
    const factors = shifted(o, a!, axis, !reverse, o.zerosLike);
    const [moved] = o.bind(recurrence, [factors, ct], { axis, reverse: !reverse });
    return [wanted[0] ? o.mul(moved!, shifted(o, y!, axis, reverse, o.zerosLike)) : undefined, moved];
  },
  jvp: (o, [ta, tb], [a], [y], { axis, reverse }) => {
    const scaled = ta && o.mul(ta, shifted(o, y!, axis, reverse, o.zerosLike));
    const moved = scaled && tb ? o.add(scaled, tb) : (scaled ?? tb);
    return [moved && o.bind(recurrence, [a!, moved], { axis, reverse })[0]!];
  },
  batch: (o, ins, batched, { axis, reverse }, size) =>
    o.bind(recurrence, alignBatch(o, ins, batched, size), { axis: axis + 1, reverse }),
  kernel: {
    run: (k, ins, [out], _scratch, { axis, reverse }) => runAlong(k, ins, out!, axis, reverse, next),
    known: (attributes) => ({ kind: "scan", ...attributes, scaled: true, next }),
  },
});

/** An element of a result from the one before it, which is absent for the first, and the elements of the inputs. */
export type Step = (k: Emitter, before: Value | undefined, elements: readonly Value[]) => Value;

const next: Step = (k, before, [a, b]) => (before ? k.add(k.mul(a!, before), b!) : b!);

/** Emits the elements of a result along every line of an axis, in order. */
export function runAlong(
  k: Emitter,
  ins: readonly Memory[],
  out: Memory,
  axis: number,
  reverse: boolean,
  step: Step,
): void {
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

/** x moved by one along an axis, towards the end (towards the start if `reverse`); what `filler` gives takes the free place. */
export function shifted(o: RuleOps, x: Tensor, axis: number, reverse: boolean, filler: (x: Tensor) => Tensor): Tensor {
  const length = x.shape[axis]!;
  if (length === 0) return x;
  const cut = (start: number, limit: number): Tensor => cutAxis(o, x, axis, start, limit);
  const free = filler(cut(0, 1));
  const parts = reverse ? [cut(1, length), free] : [free, cut(0, length - 1)];
  return o.bind(concat, parts, { axis })[0]!;
}

function cutAxis(o: RuleOps, x: Tensor, axis: number, start: number, limit: number): Tensor {
  const whole: Shape = x.shape;
  return o.bind(slice, [x], {
    starts: whole.map((_, a) => (a === axis ? start : 0)),
    limits: whole.map((n, a) => (a === axis ? limit : n)),
    strides: whole.map(() => 1),
  })[0]!;
}

import { mistake } from "../../errors";
import type { Value, Variable } from "../../lower/emitter";
import type { LaneCode, Parts } from "./lane-code";
import { vector } from "./lane-operations";
import { type Lanes, type Mask, type Width, isLanes, isMask, lanesPerPart, partsFor, widthOf } from "./lane-values";

export interface LaneControl {
  /** Lanes that take part; undefined where all do. */
  mask(): Mask | undefined;
  /** Do all lanes take part? */
  full(): Value;
  any(condition: Value): Value;
  variable(initial: Value): Variable;
  loop(count: Value | number, body: (i: Value) => void): void;
  while(condition: () => Value, body: () => void): void;
  if(condition: Value, then: () => void, otherwise?: () => void): void;
}

/** Control flow in which each lane goes its own way: masks say which lanes take part in the code that is emitted. */
export function laneControl(k: LaneCode): LaneControl {
  const { code, scalar, count } = k;
  let current: Mask | undefined;

  function under(mask: Mask, body: () => void): void {
    const outer = current;
    current = mask;
    body();
    current = outer;
  }

  /** All ones in the lanes that exist. */
  function existing(width: Width): Parts {
    const per = lanesPerPart(width);
    return Array.from({ length: partsFor(count, width) }, (_, p) => {
      const used = Math.min(per, count - p * per);
      if (used === per) return k.code.constant("bool", 1);
      code.simd(
        vector.const,
        Array.from({ length: 16 }, (_, byte) => (byte < (used * width) / 8 ? 255 : 0)),
      );
      return code.takeVector();
    });
  }

  const partial = (width: Width): boolean => count % lanesPerPart(width) !== 0;
  const fixed = (width: Width, parts: Parts): Mask => k.mask(width, () => parts);

  /** The lanes of those that take part in which the condition holds, or does not. */
  function among(condition: Lanes, holds = true): Mask {
    const { width } = condition;
    const parts = k.parts(condition, width);
    if (current === undefined && !partial(width)) return fixed(width, holds ? parts : k.apply([parts], vector.not));
    const outer = current?.resized(width) ?? existing(width);
    return fixed(width, k.apply([outer, parts], holds ? vector.and : vector.andNot));
  }

  function anyOf(parts: Parts): Value {
    parts.forEach((part, p) => {
      code.get(part);
      if (p > 0) code.simd(vector.or);
    });
    code.simd(vector.anyTrue);
    return code.take("bool");
  }

  const any = (condition: Value): Value =>
    isLanes(condition) ? anyOf(among(condition).resized(condition.width)) : condition;

  function full(): Value {
    if (current === undefined) return scalar.literal("bool", 1);
    return scalar.not(anyOf(k.apply([existing(32), current.resized(32)], vector.xor)));
  }

  function variable(initial: Value): Variable {
    const { dtype } = initial;
    const width = isMask(initial) ? initial.width : widthOf(dtype);
    const locals = k.copy(k.parts(initial, width));
    const born = current;
    return {
      get: () => {
        // A copy, as the variable may change before the value is used.
        const parts = k.copy(locals);
        return dtype === "bool" ? fixed(width, parts) : k.vector(dtype, parts);
      },
      set: (value) => {
        if (value.dtype !== dtype) throw mistake(`a ${dtype} variable set to a ${value.dtype}`);
        const parts = k.parts(value, width);
        // Lanes that did not take part when it was made never ask for it.
        if (current === undefined || current === born) k.assign(locals, parts);
        else k.assign(locals, k.apply([parts, locals, current.resized(width)], vector.bitselect));
      },
    };
  }

  function choose(condition: Value, then: () => void, otherwise?: () => void): void {
    if (!isLanes(condition)) return scalar.if(condition, then, otherwise);
    condition.parts();
    const branch = (mask: Mask, body: () => void): void =>
      scalar.if(anyOf(mask.resized(condition.width)), () => under(mask, body));
    // Both masks are made before the first branch, which may change what they are made of.
    const [yes, no] = [among(condition), otherwise && among(condition, false)];
    branch(yes, then);
    if (no !== undefined) branch(no, otherwise!);
  }

  function repeat(condition: () => Value, body: () => void): void {
    // In both widths, as the condition is not known yet; what is not used does not cost anything once optimised.
    const of = (width: Width): Parts => k.copy(current?.resized(width) ?? existing(width));
    const masks: Readonly<Record<Width, Parts>> = { 32: of(32), 64: of(64) };
    const taking: Mask = {
      dtype: "bool",
      width: 32,
      parts: () => masks[32],
      resized: (width) => masks[width],
      less: undefined,
    };
    scalar.while(
      () => {
        let again!: Value;
        under(taking, () => {
          again = condition();
        });
        if (!isLanes(again)) return again;
        for (const width of [32, 64] as const)
          k.assign(masks[width], k.apply([masks[width], k.parts(again, width)], vector.and));
        return anyOf(masks[isMask(again) ? again.width : 32]);
      },
      () => under(taking, body),
    );
  }

  function loop(total: Value | number, body: (i: Value) => void): void {
    if (typeof total === "number" || !isLanes(total)) return scalar.loop(total, body);
    // Lanes that go on are all at the same number.
    const i = scalar.variable(scalar.literal("int32", 0));
    const ends = total.parts();
    repeat(
      () => {
        const counter = k.parts(i.get());
        return k.mask(32, () => k.apply([counter, ends], 0x39));
      },
      () => {
        body(i.get());
        i.set(scalar.add(i.get(), scalar.literal("int32", 1)));
      },
    );
  }

  return { mask: () => current, full, any, variable, loop, while: repeat, if: choose };
}

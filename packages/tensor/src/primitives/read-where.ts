import type { Emitter, Value } from "../lower/emitter";

/** Emits what `read` does where all conditions hold; the value elsewhere is `filler`. */
export function readWhere(k: Emitter, conditions: readonly Value[], read: () => Value, filler: Value): Value {
  if (conditions.length === 0) return read();
  const value = k.variable(filler);
  k.if(
    conditions.reduce((a, b) => k.and(a, b)),
    () => value.set(read()),
  );
  return value.get();
}

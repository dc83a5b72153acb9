import { type MathFunction, mathFunctions, type MathRule, type Value } from "@dzdt/tensor/lower";
import type { WgslEmitter } from "../wgsl/emit";
import { moderate } from "../wgsl/trigonometry";
import { term } from "../wgsl/types";

/** Up to here the rules of `lower/math` reduce an angle; beyond, they take sums that are exact in float64 only. */
const limit = 65536;

/** sin, cos and tan of pairs, with the reduction of large angles on integers. Undefined for other functions. */
export function circular(name: MathFunction): MathRule | undefined {
  if (name !== "sin" && name !== "cos" && name !== "tan") return undefined;
  return { ...mathFunctions[name], emit: (k, args) => emitCircular(k as WgslEmitter, name, args[0]!) };
}

function emitCircular(k: WgslEmitter, name: "sin" | "cos" | "tan", x: Value): Value {
  const double = (value: number): Value => k.literal("float64", value);
  const size = k.abs(x);
  const angle = k.variable(x);
  k.if(k.less(double(limit), size), () => {
    const within = k.code.value("float64", `pair_turns(${term(x).text})`);
    // Infinite angles have no sine.
    angle.set(k.select(k.less(size, double(Infinity)), within, double(NaN)));
  });
  return moderate(k, name, angle.get());
}

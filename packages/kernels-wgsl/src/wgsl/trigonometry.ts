import { type MathFunction, mathFunctions, type MathRule, type Value } from "@dzdt/tensor/lower";
import { WgslEmitter } from "./emit";
import { term } from "./types";

/** Up to here the rules of `lower/math` reduce an angle in single precision; beyond, they take doubles. */
const limit = 6000;

/** An emitter that leaves out the branch of a rule for large angles. */
class Moderate extends WgslEmitter {
  override if(): void {
    return undefined;
  }
}

/** sin, cos and tan, with the reduction of large angles on integers, as there are no doubles. Undefined for other functions. */
export function circular(name: MathFunction): MathRule | undefined {
  if (name !== "sin" && name !== "cos" && name !== "tan") return undefined;
  return { ...mathFunctions[name], emit: (k, args) => emitCircular(k as WgslEmitter, name, args[0]!) };
}

function emitCircular(k: WgslEmitter, name: "sin" | "cos" | "tan", x: Value): Value {
  const float = (value: number): Value => k.literal("float32", value);
  const size = k.abs(x);
  const result = k.variable(moderate(k, name, x));
  k.if(k.less(float(limit), size), () => {
    const reduced = k.code.name("turns");
    k.code.line(`let ${reduced} = reduce_turns(${term(size).text});`);
    const angle = k.code.named("float32", `${reduced}.angle`);
    const value = turned(k, name, x, k.code.named("int32", `${reduced}.quadrant`), angle);
    // Infinite angles have no sine.
    result.set(k.select(k.less(size, float(Infinity)), value, float(NaN)));
  });
  return result.get();
}

/** The function of an angle that is not large. */
export const moderate = (k: WgslEmitter, name: "sin" | "cos" | "tan", x: Value): Value =>
  mathFunctions[name].emit(new Moderate(k.callees, k.code), [x]);

/** The function of x from that of an angle in the first eighth of a turn, `quadrant` quarter turns before |x|. */
export function turned(k: WgslEmitter, name: "sin" | "cos" | "tan", x: Value, quadrant: Value, angle: Value): Value {
  const int = (value: number): Value => k.literal("int32", value);
  const bit = (turn: Value, of: number): Value => k.notEqual(k.and(turn, int(of)), int(0));
  const odd = bit(quadrant, 1);
  const negative = k.less(x, k.literal("float32", 0));
  if (name === "tan") {
    const tangent = moderate(k, "tan", angle);
    const result = k.select(odd, k.neg(k.div(k.literal("float32", 1), tangent)), tangent);
    return k.select(negative, k.neg(result), result);
  }
  const [sine, cosine] = [moderate(k, "sin", angle), moderate(k, "cos", angle)];
  if (name === "cos") {
    const size = k.select(odd, sine, cosine);
    return k.select(bit(k.add(quadrant, int(1)), 2), k.neg(size), size);
  }
  const size = k.select(odd, cosine, sine);
  return k.select(k.xor(bit(quadrant, 2), negative), k.neg(size), size);
}

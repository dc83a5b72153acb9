import type { Emitter, MathFunction, Value } from "../emitter";
import { type ByFloat, floats, forDType, nearestInteger } from "./floats";
import { reduceLarge } from "./payne-hanek";

/**
 * π/2 as a sum of parts: all but the last have few enough bits for exact products with multiples up to `limit`/(π/2), and none is negative,
 * so that −0 stays −0. The quotients are (sin r − r)/r³ and (cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4, and the former for |r| ≤ π/2
 * (`halfTurn`), minimax (Remez exchange in 45 digits).
 */
const constants: ByFloat<{
  readonly parts: readonly number[];
  readonly limit: number;
  readonly halfTurn: readonly number[];
  readonly sine: readonly number[];
  readonly cosine: readonly number[];
}> = {
  float32: {
    parts: [1.5703125, 0.0004837512969970703, 7.549533620476723e-8, 2.5633440682570896e-12],
    limit: 6000,
    halfTurn: [-0.16666659712791443, 0.008333069272339344, -0.00019809776858892292, 2.606095677037956e-6],
    sine: [-0.1666666716337204, 0.008333380334079266, -0.0001985349808819592, 2.8372471660986776e-6],
    cosine: [0.0416666679084301, -0.001388898235745728, 2.4822968043736182e-5, -2.8974156407457485e-7],
  },
  float64: {
    parts: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21],
    limit: 65536,
    halfTurn: [
      -0.16666666666666666, 0.008333333333333194, -0.0001984126984120908, 2.7557319211112364e-6, -2.505210687044855e-8,
      1.6058939584175885e-10, -7.642988238405531e-13, 2.7211399050378723e-15,
    ],
    sine: [
      -0.16666666666666666, 0.008333333333333038, -0.0001984126984095601, 2.755731906976589e-6, -2.50520696702848e-8,
      1.6054138342552171e-10, -7.380401677107036e-13,
    ],
    cosine: [
      0.0416666666666666, -0.001388888888887444, 2.4801587289634095e-5, -2.755731438664361e-7, 2.087572692633659e-9,
      -1.1359794710618868e-11,
    ],
  },
};

/** |x| = quadrant·π/2 + angle + tail, |angle| ≤ π/4 (a little more where rounding decides); `quadrant` counts on beyond 3. */
interface Reduced {
  readonly quadrant: Value;
  readonly angle: Value;
  readonly tail: Value;
}

/** Cody and Waite's reduction, with what the last subtractions round off kept in `tail`. */
function reduceModerate(k: Emitter, size: Value): Reduced {
  const f = floats(k, size.dtype);
  const { parts } = forDType(constants, size.dtype);
  const n = nearestInteger(k, f.mul(size, 2 / Math.PI));
  const exact = parts.slice(0, -2).reduce((rest, part) => f.sub(rest, f.mul(n.float, part)), size);
  const product = f.mul(n.float, parts.at(-2)!);
  const near = f.sub(exact, product);
  const lost = f.sub(f.sub(exact, near), product);
  const low = f.sub(f.mul(n.float, parts.at(-1)!), lost);
  const angle = f.sub(near, low);
  return { quadrant: n.int, angle, tail: f.sub(f.sub(near, angle), low) };
}

/** The same for arguments that are too large for it. */
function reduceFar(k: Emitter, size: Value): Reduced {
  const large = reduceLarge(k, k.cast(size, "float64"));
  const angle = k.cast(large.angle, size.dtype);
  const rest = k.add(k.sub(large.angle, k.cast(angle, "float64")), large.tail);
  return { quadrant: large.quadrant, angle, tail: k.cast(rest, size.dtype) };
}

/** Sine and cosine of the reduced |x|; the quadrant says which of them, with which signs, belong to x. */
function sineAndCosine(k: Emitter, { angle, tail }: Reduced): { readonly sine: Value; readonly cosine: Value } {
  const f = floats(k, angle.dtype);
  const constant = forDType(constants, angle.dtype);
  const square = f.mul(angle, angle);
  const half = f.mul(square, 0.5);
  const one = f.sub(1, half);
  const cubic = f.mul(f.mul(angle, square), f.polynomial(square, constant.sine));
  const quartic = f.mul(f.mul(square, square), f.polynomial(square, constant.cosine));
  return {
    sine: f.add(angle, f.add(cubic, f.mul(tail, one))),
    cosine: f.add(one, f.add(f.sub(f.sub(1, one), half), f.sub(quartic, f.mul(angle, tail)))),
  };
}

/** `near`, but for large |x| what `far` makes of |x|, or the function itself of one after another. */
function forAllSizes(k: Emitter, x: Value, name: MathFunction, near: Value, far: (size: Value) => Value): Value {
  const size = k.abs(x);
  const result = k.variable(near);
  k.if(floats(k, x.dtype).less(forDType(constants, x.dtype).limit, size), () =>
    result.set(k.oneByOne ? k.oneByOne(name, x) : far(size)),
  );
  return result.get();
}

const isOdd = (k: Emitter, n: Value): Value => k.equal(k.and(n, k.literal("int32", 1)), k.literal("int32", 1));

const withSign = (k: Emitter, size: Value, x: Value): Value => k.mul(size, k.copySign(k.literal(x.dtype, 1), x));

/** The value, negated for odd n. No `select`: on scalars that is a branch, and which way it goes cannot be predicted. */
function timesSign(k: Emitter, value: Value, n: Value): Value {
  const int = (number: number): Value => k.literal("int32", number);
  if (value.dtype === "float32") return k.bitcast(k.xor(k.bitcast(value, "int32"), k.shiftLeft(n, int(31))), "float32");
  const sign = k.sub(int(1), k.shiftLeft(k.and(n, int(1)), int(1)));
  return k.mul(value, k.cast(sign, "float64"));
}

/** Tangent. */
export function tangent(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const of = (angle: Reduced): Value => {
    const { sine, cosine } = sineAndCosine(k, angle);
    const odd = isOdd(k, angle.quadrant);
    return withSign(k, f.div(f.select(odd, k.neg(cosine), sine), f.select(odd, sine, cosine)), x);
  };
  return forAllSizes(k, x, "tan", of(reduceModerate(k, k.abs(x))), (size) => of(reduceFar(k, size)));
}

/**
 * Sine or cosine: sin r, an odd or even number of half turns away, where |r| ≤ π/2, so that one polynomial does. Each difference of the
 * reduction is exact where the next would cancel.
 */
export function sineOrCosine(k: Emitter, x: Value, name: "sin" | "cos"): Value {
  const f = floats(k, x.dtype);
  const { parts, halfTurn } = forDType(constants, x.dtype);
  const halves = f.mul(x, 1 / Math.PI);
  const n = nearestInteger(k, name === "sin" ? halves : f.sub(halves, 0.5), name === "sin" ? 0 : 1);
  const away = name === "sin" ? n.float : f.add(n.float, 0.5);
  const r = parts.reduce((rest, part) => f.sub(rest, f.mul(away, 2 * part)), x);
  const square = f.mul(r, r);
  // The first term apart: the sum of both is +0 where r is −0, which must stay.
  const higher = f.mul(f.mul(square, square), f.polynomial(square, halfTurn.slice(1)));
  const size = f.add(r, f.mul(r, f.add(f.mul(square, halfTurn[0]!), higher)));
  return forAllSizes(k, x, name, timesSign(k, size, n.biased), (large) => {
    const far = reduceFar(k, large);
    const { sine, cosine } = sineAndCosine(k, far);
    const turn = name === "sin" ? far.quadrant : k.add(far.quadrant, k.literal("int32", 1));
    const value = timesSign(k, f.select(isOdd(k, turn), cosine, sine), k.shiftRight(turn, k.literal("int32", 1)));
    return name === "sin" ? withSign(k, value, x) : value;
  });
}

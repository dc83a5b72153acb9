import type { Emitter, Value } from "../emitter";
import { type ByFloat, floats, forDType, nearestInteger } from "./floats";
import { reduceLarge } from "./payne-hanek";

/**
 * π/2 as a sum of parts: all but the last have few enough bits for exact products with multiples up to `limit`/(π/2).
 * The quotients are (sin r − r)/r³ and (cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4, minimax (Remez exchange in 45 digits).
 */
const constants: ByFloat<{
  readonly parts: readonly number[];
  readonly limit: number;
  readonly sine: readonly number[];
  readonly cosine: readonly number[];
}> = {
  float32: {
    parts: [1.57080078125, -4.453584551811218e-6, -8.706138032721356e-10, 6.223371969669989e-14],
    limit: 6000,
    sine: [-0.1666666716337204, 0.008333380334079266, -0.0001985349808819592, 2.8372471660986776e-6],
    cosine: [0.0416666679084301, -0.001388898235745728, 2.4822968043736182e-5, -2.8974156407457485e-7],
  },
  float64: {
    parts: [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21],
    limit: 65536,
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

/** Reduces |x| to the first octant either side of 0. */
function reduce(k: Emitter, x: Value): Reduced {
  const f = floats(k, x.dtype);
  const size = k.abs(x);
  const moderate = reduceModerate(k, size);
  const [quadrant, angle, tail] = [
    k.variable(moderate.quadrant),
    k.variable(moderate.angle),
    k.variable(moderate.tail),
  ];
  k.if(f.less(forDType(constants, x.dtype).limit, size), () => {
    const large = reduceLarge(k, k.cast(size, "float64"));
    const rounded = k.cast(large.angle, x.dtype);
    const rest = k.add(k.sub(large.angle, k.cast(rounded, "float64")), large.tail);
    quadrant.set(large.quadrant);
    angle.set(rounded);
    tail.set(k.cast(rest, x.dtype));
  });
  return { quadrant: quadrant.get(), angle: angle.get(), tail: tail.get() };
}

/** Sine and cosine of the reduced |x|, and the quadrant that says which of them, with which signs, belong to x. */
export function sineAndCosine(
  k: Emitter,
  x: Value,
): { readonly sine: Value; readonly cosine: Value; readonly quadrant: Value } {
  const f = floats(k, x.dtype);
  const constant = forDType(constants, x.dtype);
  const { quadrant, angle, tail } = reduce(k, x);
  const square = f.mul(angle, angle);
  const half = f.mul(square, 0.5);
  const one = f.sub(1, half);
  const cubic = f.mul(f.mul(angle, square), f.polynomial(square, constant.sine));
  const quartic = f.mul(f.mul(square, square), f.polynomial(square, constant.cosine));
  return {
    sine: f.add(angle, f.add(cubic, f.mul(tail, one))),
    cosine: f.add(one, f.add(f.sub(f.sub(1, one), half), f.sub(quartic, f.mul(angle, tail)))),
    quadrant,
  };
}

/** The sine of |x| advanced by `quarters` quarter turns. */
export function sineOfSize(k: Emitter, x: Value, quarters: number): Value {
  const { sine, cosine, quadrant } = sineAndCosine(k, x);
  const int = (n: number): Value => k.literal("int32", n);
  const turn = quarters === 0 ? quadrant : k.add(quadrant, int(quarters));
  // Arithmetic instead of `select`: on scalars a select of floats is a branch, and which quadrant comes next cannot be predicted.
  const odd = k.cast(k.and(turn, int(1)), x.dtype);
  const sign = k.cast(k.sub(int(1), k.and(turn, int(2))), x.dtype);
  const f = floats(k, x.dtype);
  return f.mul(f.add(f.mul(cosine, odd), f.mul(sine, f.sub(1, odd))), sign);
}

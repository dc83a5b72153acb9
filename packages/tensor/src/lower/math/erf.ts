import type { Emitter, Value } from "../emitter";
import { exponential, exponentialValue } from "./exponential";
import { type ByFloat, floats, forDType, withSignOf } from "./floats";

/**
 * erf(x)/x − 1 in x² for |x| ≤ 1, and erfc(x)·e^(x²) in u = (x − c)/(x + c) for 1 ≤ x ≤ c², where erf rounds to 1; both minimax
 * (Remez exchange in 45 digits).
 */
const constants: ByFloat<{
  readonly small: readonly number[];
  readonly complement: readonly number[];
  readonly centre: number;
  readonly end: number;
}> = {
  float32: {
    small: [
      0.12837916612625122, -0.3761262893676758, 0.11283618211746216, -0.02685512602329254, 0.005190733820199966,
      -0.0008030761382542551, 7.920368079794571e-5,
    ],
    complement: [
      0.25539568066596985, -0.4271857738494873, 0.241657257, -0.078997932, 0.003642613533884287, 0.006955945398658514,
      -0.00026500909,
    ],
    centre: 2,
    end: 4,
  },
  float64: {
    small: [
      0.1283791670955126, -0.3761263890318411, 0.11283791670972065, -0.026866170648281285, 0.00522397765547714,
      -0.0008548328701270012, 0.00012055392043447314, -1.4927011290719876e-5, 1.6482901443863025e-6,
      -1.6573653775959282e-7, 1.610219968127456e-8, -1.6718793080627722e-9, 1.461830984936703e-10,
    ],
    complement: [
      0.21462633906982082, -0.37687425386567075, 0.25166683742168805, -0.12145140284551068, 0.036308131491489704,
      -0.0022689262069016283, -0.0028574571954226194, 0.0006855486162776386, 0.00029487790564936765,
      -0.00010403169142918625, -4.9215098150730316e-5, 9.292705580093777e-6, 6.8418114110089865e-6,
    ],
    centre: 2.449489742783178,
    end: 6,
  },
};

/** Error function 2/√π ∫₀ˣ e^(−t²) dt. */
export function erf(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const { small, complement, centre, end } = forDType(constants, x.dtype);
  const size = f.atMost(k.abs(x), end);
  const square = f.mul(size, size);
  const near = f.add(size, f.mul(size, f.polynomial(square, small)));
  const u = f.div(f.sub(size, centre), f.add(size, centre));
  const decay = exponentialValue(k, exponential(k, k.neg(square), { inRange: true }));
  const far = f.sub(1, f.mul(decay, f.polynomial(u, complement)));
  return withSignOf(k, f.select(f.less(size, 1), near, far), x);
}

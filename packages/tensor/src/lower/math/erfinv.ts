import type { Emitter, Value } from "../emitter";
import { type ByFloat, floats, forDType } from "./floats";

/**
 * erfinv(x)/x in t, where w = −ln(1 − x²) and t = w − centre for w < `end`², t = √w − centre beyond: the variables of Giles 2011,
 * "Approximating the erfinv function", GPU Computing Gems. Minimax coefficients (Remez exchange in 40 digits) up to the largest x < 1.
 */
interface Region {
  readonly root: boolean;
  readonly end: number;
  readonly centre: number;
  readonly coefficients: readonly number[];
}
const regions: ByFloat<readonly Region[]> = {
  float32: [
    {
      root: false,
      end: Math.sqrt(5),
      centre: 2.5,
      coefficients: [
        1.5014094114303589, 0.24664029479026794, -0.0041773393750190735, -0.0012527446961030364, 0.0002182826428906992,
        -4.961912054568529e-6, -3.4346139727858827e-6, 4.65892128431733e-7, 1.8037599858189424e-8,
        -8.772820692115602e-9, 3.3551694755828976e-10,
      ],
    },
    {
      root: true,
      end: 4.01,
      centre: 3,
      coefficients: [
        2.832976818084717, 1.0016751289367676, 0.009445655159652233, -0.0076391748152673244, 0.005683478433638811,
        -0.0035881800577044487, 0.0014949343167245388, -7.43263735785149e-5, -0.0003179021296091378,
        0.00012744551349896938,
      ],
    },
  ],
  float64: [
    {
      root: false,
      end: 2.5,
      centre: 3.125,
      coefficients: [
        1.6536545626831027, 0.24015818242558826, -0.006033670871427754, -0.000740702534153955, 0.0001867342080242564,
        -1.3882523395791296e-5, -1.365469184434964e-6, 4.2347881907734023e-7, -2.9070382774717527e-8,
        -4.1126619776462024e-9, 1.0512183983303793e-9, -5.414239001880049e-11, -1.2976958260299586e-11,
        2.6303545877836173e-12, -8.117009000604148e-14, -3.99897815607632e-14, 6.5947001420634e-15,
        -4.2865218662904954e-17, -1.300390639450514e-16, 1.5759749318536194e-17, 1.1444105003750467e-18,
        -3.5754868531853665e-19, -1.0090471475674422e-21, 3.3757299222849504e-21,
      ],
    },
    {
      root: true,
      end: 4,
      centre: 3.25,
      coefficients: [
        3.0838856104922208, 1.0052589676941657, 0.005370914553570909, -0.0037512085082629354, 0.002491442097018358,
        -0.0016882755342520032, 0.0009532893630749579, -0.00035503783082548994, 2.403126313328592e-5,
        6.82872487837242e-5, -4.731901556562806e-5, 1.2464433190556774e-5, 2.92582411886068e-6, -3.984077428782364e-6,
        1.4985460739719725e-6, -3.026567162084598e-8, -2.7118668477928955e-7, 1.3394205915049282e-7,
        6.343080729823452e-10, -1.618735515504893e-8,
      ],
    },
    {
      root: true,
      end: 6.02,
      centre: 5,
      coefficients: [
        4.849906401408584, 1.0103004648645453, -0.0001387193183804468, -0.00021503011982870193, 7.59952781026165e-5,
        -1.968177068576669e-5, 4.526052486617179e-6, -9.930295029336689e-7, 2.2905292474067366e-7, -6.75556793520975e-8,
        2.9018593834811396e-8, -1.5256314975882003e-8, 7.821127133082108e-9, -3.4696832825511235e-9,
        1.3166810665824208e-9, -4.386716981234711e-10, 6.899986340640244e-11, 4.316708654184385e-11,
        -2.022035622676246e-11,
      ],
    },
  ],
};

/** Inverse of the error function on [−1, 1]; ±∞ at the ends, NaN outside. */
export function erfinv(k: Emitter, x: Value): Value {
  const f = floats(k, x.dtype);
  const list = forDType(regions, x.dtype);
  const size = k.abs(x);
  const w = k.neg(k.math("log", k.mul(f.sub(1, size), f.add(1, size))));
  const root = k.sqrt(w);
  // The first region's polynomial first; farther ones take over where w is beyond.
  let factor = f.value(NaN);
  list.forEach(({ root: ofRoot, centre, coefficients }, i) => {
    const value = f.polynomial(f.sub(ofRoot ? root : w, centre), coefficients);
    factor = i === 0 ? value : f.select(f.less(w, list[i - 1]!.end ** 2), factor, value);
  });
  const result = k.mul(size, factor);
  return k.copySign(f.select(f.equal(size, 1), Infinity, result), x);
}

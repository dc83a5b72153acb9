import type { Emitter, Value } from "../emitter";
import { type ByFloat, floats, forDType } from "./floats";
import { roughNegativeLogarithm } from "./logarithm";

/**
 * erfinv(x)/x in t, where w = −ln(1 − x²) and t = w − centre in the first region, t = √w − centre in others; each goes to √w = `end`. These are the variables of Giles 2011,
 * "Approximating the erfinv function", GPU Computing Gems. Minimax coefficients (Remez exchange in 40 digits) up to the largest x < 1.
 */
interface Region {
  readonly end: number;
  readonly centre: number;
  readonly coefficients: readonly number[];
}
const regions: ByFloat<readonly Region[]> = {
  float32: [
    {
      end: 2.5,
      centre: 3.125,
      coefficients: [
        1.6536545753479004, 0.24015817046165466, -0.0060337302275002, -0.0007406877703033388, 0.0001867996616056189,
        -1.3891414710087702e-5, -1.3919461707700975e-6, 4.263023640760366e-7, -2.4210496718524155e-8,
        -4.6381876117607135e-9, 6.378797490214083e-10,
      ],
    },
    {
      end: 4,
      centre: 3.25,
      coefficients: [
        3.083885669708252, 1.0052584409713745, 0.005370097700506449, -0.003740682266652584, 0.002498276298865676,
        -0.0017446685815230012, 0.0009431324433535337, -0.00024327104620169848,
      ],
    },
  ],
  float64: [
    {
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
  const [central, ...tails] = forDType(regions, x.dtype);
  const square = f.mul(f.sub(1, x), f.add(1, x));
  const w = roughNegativeLogarithm(k, square);
  const isCentral = f.less(w, central!.end ** 2);
  const near = f.polynomial(f.sub(w, central!.centre), central!.coefficients);
  const far = (): Value => {
    const root = k.sqrt(w);
    return tails
      .map(({ centre, coefficients }) => f.polynomial(f.sub(root, centre), coefficients))
      .reduce((value, own, i) => f.select(f.less(root, tails[i - 1]!.end), value, own));
  };
  // ∞ where x² = 1, and ∞ − ∞ beyond.
  const huge = x.dtype === "float32" ? 2 ** 127 : 2 ** 1023;
  const special = (value: Value): Value =>
    f.select(f.less(0, square), value, f.add(f.mul(f.mul(square, huge), huge), Infinity));
  // A branch makes engines compute one vector after the other: worse than one short polynomial more.
  if (tails.length === 1) return k.mul(x, special(f.select(isCentral, near, far())));
  const factor = k.variable(near);
  k.if(k.not(isCentral), () => factor.set(special(far())));
  return k.mul(x, factor.get());
}

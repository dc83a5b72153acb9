import { stepFactor } from "../dormand-prince";

type Field = (dy: Float64Array, y: Float64Array, p: number) => void;

const n = 3;
const [k1, k2, k3, k4, k5, k6, k7, u, y] = Array.from({ length: 9 }, () => new Float64Array(n)) as unknown as [
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
];

/** The end of an adaptive solve of three equations by Tsitouras' pair, its coefficients written out. */
export function tsit5(field: Field, p: number, y0: readonly number[], end: number, tolerance: number): Float64Array {
  let t = 0;
  let h = 1e-3;
  y.set(y0);
  field(k1, y, p);
  while (t < end) {
    if (t + h > end) h = end - t;
    for (let i = 0; i < n; i++) u[i] = y[i]! + h * (0.161 * k1[i]!);
    field(k2, u, p);
    for (let i = 0; i < n; i++) u[i] = y[i]! + h * (-0.008480655492356989 * k1[i]! + 0.335480655492357 * k2[i]!);
    field(k3, u, p);
    for (let i = 0; i < n; i++)
      u[i] = y[i]! + h * (2.8971530571054935 * k1[i]! - 6.359448489975075 * k2[i]! + 4.3622954328695815 * k3[i]!);
    field(k4, u, p);
    for (let i = 0; i < n; i++)
      u[i] =
        y[i]! +
        h *
          (5.325864828439257 * k1[i]! -
            11.748883564062828 * k2[i]! +
            7.4955393428898365 * k3[i]! -
            0.09249506636175525 * k4[i]!);
    field(k5, u, p);
    for (let i = 0; i < n; i++)
      u[i] =
        y[i]! +
        h *
          (5.86145544294642 * k1[i]! -
            12.92096931784711 * k2[i]! +
            8.159367898576159 * k3[i]! -
            0.071584973281401 * k4[i]! -
            0.028269050394068383 * k5[i]!);
    field(k6, u, p);
    for (let i = 0; i < n; i++)
      u[i] =
        y[i]! +
        h *
          (0.09646076681806523 * k1[i]! +
            0.01 * k2[i]! +
            0.4798896504144996 * k3[i]! +
            1.379008574103742 * k4[i]! -
            3.290069515436081 * k5[i]! +
            2.324710524099774 * k6[i]!);
    field(k7, u, p);
    let square = 0;
    for (let i = 0; i < n; i++) {
      const error =
        h *
        (0.0017800110522257714 * k1[i]! +
          0.0008164344596567469 * k2[i]! -
          0.007880878010261995 * k3[i]! +
          0.1447110071732629 * k4[i]! -
          0.5823571654525552 * k5[i]! +
          0.45808210592918697 * k6[i]! -
          k7[i]! / 66);
      square += (error / (tolerance + tolerance * Math.max(Math.abs(y[i]!), Math.abs(u[i]!)))) ** 2;
    }
    const error = Math.sqrt(square / n);
    if (error <= 1) {
      t += h;
      y.set(u);
      k1.set(k7);
    }
    h *= stepFactor(error);
  }
  return y;
}

import type { Attempts } from "../../case";
import { paths, steps } from "../../workloads/w8-sde";

/** Marsaglia's xorshift128: a float in [−1, 1) from each word. */
function generator(): () => number {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x93c467e3];
  return () => {
    let t = a ^ (a << 11);
    t ^= t >>> 8;
    a = b;
    b = c;
    c = d;
    d ^= (d >>> 19) ^ t;
    return d / 2 ** 31;
  };
}

/** Pairs of normals by the polar method. */
function geometric(): Float32Array {
  const next = generator();
  const s = new Float32Array(paths).fill(1);
  const growth = 1 + 0.05 / steps;
  const spread = 0.2 / Math.sqrt(steps);
  for (let step = 0; step < steps; step++)
    for (let i = 0; i < paths; i += 2) {
      let u: number, v: number, square: number;
      do {
        u = next();
        v = next();
        square = u * u + v * v;
      } while (square >= 1 || square === 0);
      const scale = spread * Math.sqrt((-2 * Math.log(square)) / square);
      s[i]! *= growth + scale * u;
      s[i + 1]! *= growth + scale * v;
    }
  return s;
}

export const attempts: Attempts = {
  W8a: () => ({ note: "xorshift, polar method", run: geometric, result: geometric }),
};

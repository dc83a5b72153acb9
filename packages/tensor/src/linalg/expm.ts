import { checkOptions } from "../arguments";
import { composite, type One } from "../composite";
import * as o from "../functions";
import { withinRule } from "../literals";
import type { Tensor } from "../tensor";
import { batchOf, checkSquare, identity } from "./matrices";
import { solve } from "./solve";

/** Numerator of the [13/13] Padé approximant of exp, its constant made 1. */
const coefficients = [
  64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
  670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
].map((b) => b / 64764752532480000);

/** The approximant is exact to float64 up to this 1-norm. */
const reach = 5.371920351148152;

/**
 * exp(A), for A `[..., n, n]`: scaling and squaring with the [13/13] Padé approximant. Each matrix is halved until its 1-norm is at most
 * 5.37, at most `maxSquarings` times; NaN beyond, at norms over 5.37 · 2^maxSquarings. Each squaring is computed for all and taken where needed, so
 * the cost is 8 + maxSquarings products and a solve.
 * Higham 2005, "The scaling and squaring method for the matrix exponential revisited", doi:10.1137/04061101X.
 * @param options.maxSquarings @defaultValue 16
 */
export function expm(a: Tensor, options: { readonly maxSquarings?: number } = {}): Tensor {
  checkOptions("linalg.expm", options, ["maxSquarings"]);
  const { maxSquarings = 16 } = options;
  checkSquare("linalg.expm", a);
  return a.size === 0 ? a : expmOf([a], maxSquarings);
}

const expmOf = composite("linalg.expm", ([a]: One, maxSquarings: number) =>
  withinRule(() => exponential(a, maxSquarings)),
);

function exponential(a: Tensor, maxSquarings: number): Tensor {
  const batch = batchOf(a);
  const norm = o.reshape(o.max(o.sum(o.abs(o.stopGradient(a)), -2), -1), [...batch, 1, 1]);
  // How often to halve, found by halving: powers of two are exact.
  const halvings: Tensor[] = [];
  let rest = norm;
  let scale = o.add(o.mul(norm, 0), 1);
  for (let k = 0; k < maxSquarings; k++) {
    const more = o.greater(rest, reach);
    halvings.push(more);
    rest = o.where(more, o.mul(rest, 0.5), rest);
    scale = o.where(more, o.mul(scale, 0.5), scale);
  }
  let power = approximant(o.mul(a, scale));
  for (const more of halvings) power = o.where(more, o.matmul(power, power), power);
  return o.where(o.lessEqual(rest, reach), power, NaN);
}

function approximant(a: Tensor): Tensor {
  const one = identity(a, a.shape.at(-1)!);
  const a2 = o.matmul(a, a);
  const a4 = o.matmul(a2, a2);
  const a6 = o.matmul(a4, a2);
  const b = (k: number): number => coefficients[k]!;
  const combine = (...terms: readonly (readonly [number, Tensor])[]): Tensor =>
    terms.map(([c, x]) => o.mul(x, c)).reduce((x, y) => o.add(x, y));
  const half = (k: number): Tensor =>
    o.add(
      o.matmul(a6, combine([b(12 + k), a6], [b(10 + k), a4], [b(8 + k), a2])),
      combine([b(6 + k), a6], [b(4 + k), a4], [b(2 + k), a2], [b(k), one]),
    );
  const odd = o.matmul(a, half(1));
  const even = half(0);
  return solve(o.sub(even, odd), o.add(even, odd));
}

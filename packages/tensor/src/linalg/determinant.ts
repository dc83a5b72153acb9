import { composite, type One } from "../composite";
import * as o from "../functions";
import { lu } from "../primitives/lu";
import { bind } from "../run";
import type { Tensor } from "../tensor";
import { batchOf, checkSquare, diagonal } from "./matrices";

/**
 * The determinant, `[...]`, for A `[..., n, n]`. Up to 3 × 3 it is the polynomial, so derivatives of all orders hold for singular matrices
 * too; from 4 × 4 it is by elimination, right in value (0) where A is singular, but there its derivatives are not finite.
 */
export function det(a: Tensor): Tensor {
  checkSquare("linalg.det", a);
  return detOf([a]);
}

const detOf = composite("linalg.det", ([a]: One) => {
  const n = a.shape.at(-1)!;
  if (n >= 1 && n <= 3) return expand(a, [...Array(n).keys()], 0);
  const [packed, , , sign] = bind(lu, [a]);
  return o.mul(sign!, o.prod(diagonal(packed!), -1));
});

/** log |det A|, `[...]`, for A `[..., n, n]`; −∞ where A is singular. Neither overflows nor underflows where the determinant does. */
export function logdet(a: Tensor): Tensor {
  checkSquare("linalg.logdet", a);
  return logdetOf([a]);
}

const logdetOf = composite("linalg.logdet", ([a]: One) => {
  const [packed] = bind(lu, [a]);
  return o.sum(o.log(o.abs(diagonal(packed!))), -1);
});

/** Laplace's expansion along `row`, over the columns that are left. */
function expand(a: Tensor, columns: readonly number[], row: number): Tensor {
  const terms = columns.map((column, j) => {
    const entry = element(a, row, column);
    const rest = columns.filter((other) => other !== column);
    const term = rest.length ? o.mul(entry, expand(a, rest, row + 1)) : entry;
    return j % 2 ? o.neg(term) : term;
  });
  return terms.reduce((x, y) => o.add(x, y));
}

function element(a: Tensor, row: number, column: number): Tensor {
  const batch = batchOf(a);
  const zeros = batch.map(() => 0);
  return o.reshape(o.slice(a, [...zeros, row, column], [...batch, row + 1, column + 1]), batch);
}

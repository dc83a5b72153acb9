import { Tensor, where } from "@dzdt/tensor";
import { combine } from "../interpolation";

/**
 * Weights of the backward differences of spacing r h in those of spacing h, of a polynomial: with the shift (1 − ∇)^r by r h, ∇ᵢ of the one are
 * Σ weights[i − 1][j − 1] ∇ⱼ of the other, j from i on. For r = 1 the identity, exactly.
 */
export function rescaling(r: Tensor, orders: number): Tensor[][] {
  const none = r.mul(0);
  // 1 − (1 − x)^r
  const first = [r];
  for (let j = 2; j <= orders; j++)
    first.push(
      first
        .at(-1)!
        .mul(r.neg().add(j - 1))
        .mul(1 / j),
    );
  const rows = [first];
  while (rows.length < orders) {
    const before = rows.at(-1)!;
    rows.push(
      first.map((_, j) =>
        before
          .slice(0, j)
          .map((weight, m) => weight.mul(first[j - 1 - m]!))
          .reduce((sum, term) => sum.add(term), none),
      ),
    );
  }
  return rows;
}

/** The polynomial of some order through the last states: its value at s = θ − 1 less that at the end, from differences ∇, ∇² … at the end. */
export function extrapolated(s: Tensor, order: Tensor, differences: readonly Tensor[]): Tensor {
  const weights: Tensor[] = [];
  differences.forEach((_, i) => weights.push((weights[i - 1] ?? s.mul(0).add(1)).mul(s.add(i)).mul(1 / (i + 1))));
  return combine(
    weights.map((weight, i) => upTo(order, i + 1, weight)),
    differences,
  )!;
}

/** A weight of the j-th difference in a sum up to an order: 0 above. */
export const upTo = (order: Tensor, j: number, weight: Tensor): Tensor => where(order.greaterEqual(j), weight, 0);

/** The entry of a list at an order from 1 on, beyond its end the last. */
export const atOrder = (order: Tensor, list: readonly (number | Tensor)[]): Tensor => {
  const end = list.at(-1)!;
  const last = end instanceof Tensor ? end : order.mul(0).add(end);
  return list.slice(0, -1).reduceRight<Tensor>((rest, entry, i) => where(order.equal(i + 1), entry, rest), last);
};

/** Numbers of the formulas of orders 1, 2 …: Σ γⱼ ∇ʲ y = h f + κ γₖ (y − predicted), with γₖ = 1 + 1/2 + … + 1/k. */
export function formulas(kappa: readonly number[]): { gamma: number[]; alpha: number[]; error: number[] } {
  const gamma = kappa.reduce<number[]>((sums, _, i) => [...sums, (sums.at(-1) ?? 0) + 1 / (i + 1)], []);
  return {
    gamma,
    alpha: kappa.map((each, i) => (1 - each) * gamma[i]!),
    // What one step errs by, in units of the difference of order k + 1.
    error: kappa.map((each, i) => each * gamma[i]! + 1 / (i + 2)),
  };
}

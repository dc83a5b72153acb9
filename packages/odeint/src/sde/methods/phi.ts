import { maximum, minimum, type Tensor, where } from "@dzdt/tensor";

/** φ₀ … φ₅ at −x: φ₀ = e⁻ˣ, φₖ₊₁(z) = (φₖ(z) − 1/k!) / z. */
export type Phi = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
const terms = 18;

/** φₖ(−x) for x ≥ 0, precise near 0 as well: by the series of φ₅ up to 1, by the recurrence beyond. */
export function phi(x: Tensor): Phi {
  const small = minimum(x, 1).neg();
  let low: Tensor = small.mul(0);
  for (let n = terms; n >= 0; n--) low = low.mul(small).add(1 / factorial(n + 5));
  const near = [low];
  for (let k = 4; k >= 0; k--) near.unshift(near[0]!.mul(small).add(1 / factorial(k)));
  const large = maximum(x, 1).neg();
  const far = [large.exp()];
  for (let k = 0; k < 5; k++) far.push(far[k]!.sub(1 / factorial(k)).div(large));
  const series = x.less(1);
  return near.map((value, k) => where(series, value, far[k]!)) as unknown as Phi;
}

/** (β(α + 2) + α − 2) 6/α² , divided by γh: the weight of H in a position, without its cancellation. */
export const areaWeight = (alpha: Tensor, [, , , phi3]: Phi): Tensor => alpha.add(2).mul(phi3).neg().add(0.5).mul(6);

/** (β(α² + 6α + 12) − α² + 6α − 12) 60/α³, divided by γh: the weight of K in a position. */
export const secondAreaWeight = (alpha: Tensor, [, , , , , phi5]: Phi): Tensor =>
  alpha
    .mul(alpha)
    .add(alpha.mul(6))
    .add(12)
    .mul(phi5)
    .neg()
    .add(alpha.div(24))
    .add(1 / 12)
    .mul(alpha)
    .mul(60);

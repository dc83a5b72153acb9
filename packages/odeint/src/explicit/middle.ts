import { cast, type Tensor } from "@dzdt/tensor";
import { hermite } from "../interpolation";
import type { Taken } from "../step";

type Leaves = readonly Tensor[];

/** Both ends of a step. */
interface Ends {
  readonly h: Tensor;
  readonly start: Leaves;
  readonly k0: Leaves;
  readonly end: Leaves;
  readonly k1: Leaves;
}

/**
 * q₀ … q₄ of the polynomial cubic + (θ(1−θ))² Σ qᵢ xⁱ, x = θ − 1/2, that has the value and four derivatives of the middle; the cubic has the values and
 * slopes of both ends.
 */
export function bumpsOf({ h, start, k0, end, k1 }: Ends, middle: readonly Tensor[], size: number): Tensor[] {
  const rows = end.map((y, leaf) => {
    const m = (i: number): Tensor => middle[i * size + leaf]!;
    const step = cast(h, y.dtype);
    const [a, b] = [k0[leaf]!.mul(step), k1[leaf]!.mul(step)];
    const way = y.sub(start[leaf]!);
    // Taylor coefficients less those of the cubic.
    const value = m(0)
      .sub(way.mul(0.5))
      .sub(a.sub(b).mul(1 / 8));
    const slope = m(1)
      .sub(way.mul(1.5))
      .add(a.add(b).mul(1 / 4));
    const second = m(2)
      .sub(b.sub(a))
      .mul(1 / 2);
    const third = m(3)
      .mul(1 / 6)
      .sub(a.add(b).sub(way.mul(2)));
    const fourth = m(4).mul(1 / 24);
    // Divided by (1/4 − x²)² = 1/16 (1 − 8x² + 16x⁴).
    return [
      value,
      slope,
      second.add(value.mul(8)),
      third.add(slope.mul(8)),
      fourth.add(second.mul(8)).add(value.mul(48)),
    ].map((q) => q.mul(16));
  });
  return [0, 1, 2, 3, 4].flatMap((i) => rows.map((row) => row[i]!));
}

/** The polynomial of degree 8 of the ends and the middle. */
export function middled({ s, h, y, memory, dense }: Taken, size: number): Tensor[] {
  const group = (i: number): Leaves => dense.slice(i * size, (i + 1) * size);
  const cubic = hermite({ s, h, end: y }, group(0), group(1), memory.slice(0, size));
  const x = s.add(0.5);
  const bump = s.mul(s.add(1));
  return y.map((end, leaf) => {
    const to = (z: Tensor): Tensor => cast(z, end.dtype);
    const sum = [2, 3, 4, 5, 6]
      .map((i) => group(i)[leaf]!)
      .reduceRight<Tensor | undefined>((total, q) => (total ? total.mul(to(x)).add(q) : q), undefined)!;
    return cubic[leaf]!.add(sum.mul(to(bump.mul(bump))));
  });
}

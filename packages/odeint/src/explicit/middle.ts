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
 * q₀, q₁ … of the polynomial cubic + (θ(1−θ))² Σ qᵢ xⁱ, x = θ − 1/2, that has the value and the derivatives of the middle, `middle`, each of `size` leaves;
 * the cubic has the values and slopes of both ends.
 */
export function bumpsOf({ h, start, k0, end, k1 }: Ends, middle: readonly Tensor[], size: number): Tensor[] {
  const count = middle.length / size;
  const rows = end.map((y, leaf) => {
    const step = cast(h, y.dtype);
    const [a, b] = [k0[leaf]!.mul(step), k1[leaf]!.mul(step)];
    const way = y.sub(start[leaf]!);
    // Taylor coefficients of the cubic.
    const cubic = [
      way.mul(0.5).add(a.sub(b).mul(1 / 8)),
      way.mul(1.5).sub(a.add(b).mul(1 / 4)),
      b.sub(a).mul(1 / 2),
      a.add(b).sub(way.mul(2)),
    ];
    const q: Tensor[] = [];
    let factorial = 1;
    for (let i = 0; i < count; i++) {
      if (i > 0) factorial *= i;
      const taylor = middle[i * size + leaf]!.mul(1 / factorial);
      // Divided by (1/4 − x²)² = (1 − 8x² + 16x⁴) / 16.
      let next = (cubic[i] ? taylor.sub(cubic[i]!) : taylor).mul(16);
      if (i >= 2) next = next.add(q[i - 2]!.mul(8));
      if (i >= 4) next = next.sub(q[i - 4]!.mul(16));
      q.push(next);
    }
    return q;
  });
  return Array.from({ length: count }, (_, i) => rows.map((row) => row[i]!)).flat();
}

/** The polynomial of the ends and the middle. */
export function middled({ s, h, y, memory, dense }: Taken, size: number): Tensor[] {
  const group = (i: number): Leaves => dense.slice(i * size, (i + 1) * size);
  const cubic = hermite({ s, h, end: y }, group(0), group(1), memory.slice(0, size));
  const x = s.add(0.5);
  const bump = s.mul(s.add(1));
  return y.map((end, leaf) => {
    const to = (z: Tensor): Tensor => cast(z, end.dtype);
    const sum = Array.from({ length: dense.length / size - 2 }, (_, i) => group(i + 2)[leaf]!).reduceRight<
      Tensor | undefined
    >((total, q) => (total ? total.mul(to(x)).add(q) : q), undefined)!;
    return cubic[leaf]!.add(sum.mul(to(bump.mul(bump))));
  });
}

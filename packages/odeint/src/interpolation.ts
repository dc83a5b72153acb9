import { cast, type Tensor } from "@dzdt/tensor";
import type { NestedDense, PolynomialDense } from "./tableau";

/**
 * Where in a step to interpolate. Interpolants are written from the step's end, in s = θ − 1 from −1 to 0, so that they give the end's state
 * bit for bit and are differentiable in time there.
 */
export interface Place {
  /** θ − 1, float64. */
  readonly s: Tensor;
  /** The step's length, float64. */
  readonly h: Tensor;
  /** Leaves of the state at the step's end. */
  readonly end: readonly Tensor[];
}

/** Σ weights[i] · terms[i]; terms of weight 0 are not read. */
export function combine(weights: readonly (number | Tensor)[], terms: readonly Tensor[]): Tensor | undefined {
  let sum: Tensor | undefined;
  weights.forEach((w, i) => {
    if (w === 0) return;
    const term = w === 1 ? terms[i]! : terms[i]!.mul(w);
    sum = sum ? sum.add(term) : term;
  });
  return sum;
}

/** The cubic through the states and derivatives of both ends. */
export function hermite(
  { s, h, end }: Place,
  start: readonly Tensor[],
  k0: readonly Tensor[],
  k1: readonly Tensor[],
): Tensor[] {
  // From y₁: s h k₁ + s² (h k₀ + 2 h k₁ − 3Δ) + s³ (h k₀ + h k₁ − 2Δ), Δ = y₁ − y₀.
  const square = s.mul(s);
  const cube = square.mul(s);
  const w0 = h.mul(square.add(cube));
  const w1 = h.mul(s.add(square.mul(2)).add(cube));
  const wd = square.mul(3).add(cube.mul(2)).neg();
  return end.map((y, k) => {
    const to = (x: Tensor): Tensor => cast(x, y.dtype);
    return y.add(
      k0[k]!.mul(to(w0))
        .add(k1[k]!.mul(to(w1)))
        .add(y.sub(start[k]!).mul(to(wd))),
    );
  });
}

/** The line through the end with the slope of the start. */
export const line = ({ s, h, end }: Place, k0: readonly Tensor[]): Tensor[] =>
  end.map((y, k) => y.add(k0[k]!.mul(cast(h.mul(s), y.dtype))));

/** For each stage the coefficients of s, s², … of b(1 + s) − b(1). */
export function shifted({ coefficients }: PolynomialDense): number[][] {
  return coefficients.map((row) => row.map((_, m) => row.reduce((sum, c, k) => sum + c * binomial(k + 1, m + 1), 0)));
}

const binomial = (n: number, k: number): number => (k > n ? 0 : k === 0 ? 1 : (binomial(n - 1, k - 1) * n) / k);

/** The polynomial extension; `weights` as `shifted` gives them, for the stages given. */
export function polynomial(
  { s, h, end }: Place,
  weights: readonly (readonly number[])[],
  stages: readonly (readonly Tensor[])[],
): Tensor[] {
  const own = weights.map((row) => {
    const horner = row.reduceRight<Tensor | undefined>(
      (sum, c) => (sum ? sum.add(c) : s.mul(0).add(c)).mul(s),
      undefined,
    );
    return horner!.mul(h);
  });
  return end.map((y, k) =>
    y.add(
      combine(
        own.map((w) => cast(w, y.dtype)),
        stages.map((stage) => stage[k]!),
      )!,
    ),
  );
}

/** The nested extension. Computes the extra stages. */
export function nestedExtension(
  { s, h, end }: Place,
  dense: NestedDense,
  field: (t: Tensor, y: readonly Tensor[]) => Tensor[],
  t0: Tensor,
  start: readonly Tensor[],
  stages: readonly (readonly Tensor[] | undefined)[],
): Tensor[] {
  const all = [...stages];
  const weighted = (row: readonly number[], k: number): Tensor => {
    const used = row.map((w, i) => [w, all[i]?.[k]] as const).filter(([w]) => w !== 0);
    return combine(
      used.map(([w]) => w),
      used.map(([, x]) => x!),
    )!.mul(cast(h, end[k]!.dtype));
  };
  dense.a.forEach((row, i) =>
    all.push(
      field(
        t0.add(h.mul(dense.c[i]!)),
        start.map((y, k) => y.add(weighted(row, k))),
      ),
    ),
  );
  const last = stages.length - 1;
  return end.map((y, k) => {
    const to = (x: Tensor): Tensor => cast(x, y.dtype);
    const hk = to(h);
    const delta = y.sub(start[k]!);
    const f1 = stages[0]![k]!.mul(hk).sub(delta);
    const f2 = delta.mul(2).sub(stages[0]![k]!.add(stages[last]![k]!).mul(hk));
    const rest = dense.d.map((row) => weighted(row, k));
    const x = to(s.add(1));
    const back = to(s.neg());
    // y₀ + x(Δ + (1−x)g) = y₁ + s(Δ − x g)
    const factors = [f1, f2, ...rest];
    const g = factors.reduceRight<Tensor | undefined>(
      (sum, f, i) => (sum ? f.add(sum.mul(i % 2 === 0 ? x : back)) : f),
      undefined,
    )!;
    return y.add(delta.sub(g.mul(x)).mul(to(s)));
  });
}

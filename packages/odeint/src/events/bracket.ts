import { type Tensor, where, whileLoop } from "@dzdt/tensor";

/** Where a function changes sign: real scalars. */
export interface Bracket {
  readonly a: Tensor;
  readonly b: Tensor;
  /** Sign of the function just after `a`; at `b` it has the other, or is zero. */
  readonly side: Tensor;
  /** The function at `a`, or 0 where it is not known, and at `b`. */
  readonly fa: Tensor;
  readonly fb: Tensor;
  /** bool: there is one; else `b` comes back at once. */
  readonly found: Tensor;
}

/**
 * The first point of the far side, to within `tolerance`: interpolate, truncate, project. As quick as the secant rule where the function is smooth,
 * and never slower than bisection by more than a step, so that values ±1 will do. Points are told apart by `side` alone: a function that is zero at
 * `a` too, or has the wrong sign there by rounding, is bisected. A constant of derivatives.
 * Reference: Oliveira and Takahashi 2020, doi:10.1145/3423597, with κ₁ = 0.2/(b − a), κ₂ = 2, n₀ = 1.
 */
export function crossing(f: (x: Tensor) => Tensor, { a, b, side, fa, fb, found }: Bracket, tolerance: Tensor): Tensor {
  const width = b.sub(a);
  const start = { a, b, fa: fa.mul(side), fb: fb.mul(side), reach: width };
  const end = whileLoop(
    (now) => found.and(tolerance.mul(2).less(now.b.sub(now.a))),
    (now) => {
      const half = now.a.add(now.b).mul(0.5);
      const gap = now.b.sub(now.a);
      const sloped = now.fa.greater(0).and(now.fb.lessEqual(0));
      const part = where(sloped, now.fa.div(where(sloped, now.fa.sub(now.fb), 1)), 0.5);
      const secant = now.a.add(gap.mul(part));
      const inward = half.sub(secant);
      const least = gap.mul(gap).mul(0.2).div(width).maximum(tolerance);
      const cut = where(inward.abs().lessEqual(least), half, secant.add(inward.sign().mul(least)));
      const radius = now.reach.sub(gap.mul(0.5)).maximum(0);
      const off = cut.sub(half);
      const x = where(off.abs().lessEqual(radius), cut, half.add(off.sign().mul(radius)));
      const fx = f(x).mul(side);
      const near = fx.greater(0);
      return {
        a: where(near, x, now.a),
        fa: where(near, fx, now.fa),
        b: where(near, now.b, x),
        fb: where(near, now.fb, fx),
        reach: now.reach.mul(0.5),
      };
    },
    start,
    { maxSteps: 200 },
  );
  return end.b;
}

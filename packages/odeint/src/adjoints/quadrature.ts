/** A rule for ∫₀¹: nodes and weights. */
export interface Quadrature {
  readonly nodes: readonly number[];
  readonly weights: readonly number[];
}

/** The Gauss–Legendre rule of some points, exact for polynomials of degree 2·points − 1: by Newton's iteration for the roots of Legendre's polynomial. */
export function gaussLegendre(points: number): Quadrature {
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < points; i++) {
    // Tricomi's approximation.
    let x = -Math.cos((Math.PI * (i + 0.75)) / (points + 0.5));
    let { value, slope } = legendre(points, x);
    for (let k = 0; k < 20 && Math.abs(value) > 1e-16; k++) {
      x -= value / slope;
      ({ value, slope } = legendre(points, x));
    }
    nodes.push((1 + x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { nodes, weights };
}

/** Legendre's polynomial of a degree and its derivative, by the three-term recurrence. */
function legendre(degree: number, x: number): { value: number; slope: number } {
  let [before, value] = [1, x];
  for (let n = 2; n <= degree; n++) [before, value] = [value, ((2 * n - 1) * x * value - (n - 1) * before) / n];
  return { value, slope: (degree * (x * value - before)) / (x * x - 1) };
}

/** Sizes Σ |w| up to which an extrapolation is trusted: it then magnifies what the stages err by no more than that. */
const largest = 8;

/**
 * For each stage of a Runge–Kutta method the weights of the slopes before it in a guess of its own: the least that are exact for polynomials of the
 * highest degree for which they stay small. Where a stage before has the same node, or nearly, the guess is mostly its slope.
 */
export function slopeGuesses(c: readonly number[]): number[][] {
  return c.map((node, i) => {
    const nodes = c.slice(0, i);
    const degrees = Array.from({ length: new Set(nodes).size }, (_, degree) => degree).reverse();
    const candidates = degrees.map((degree) => leastWeights(nodes, node, degree));
    return candidates.find((weights) => weights.reduce((sum, w) => sum + Math.abs(w), 0) <= largest) ?? [];
  });
}

/** The weights of values at the nodes, of least norm, that give the value at `x` of every polynomial up to a degree. */
function leastWeights(nodes: readonly number[], x: number, degree: number): number[] {
  // Powers of what is left after those before, orthogonal over the nodes, and the same at x.
  const basis: { readonly values: readonly number[]; readonly at: number }[] = [];
  for (let k = 0; k <= degree; k++) {
    let now = { values: nodes.map((node) => (node - x) ** k), at: k === 0 ? 1 : 0 };
    for (let pass = 0; pass < 2; pass++)
      for (const { values, at } of basis) {
        const share = dot(values, now.values);
        now = { values: now.values.map((v, j) => v - share * values[j]!), at: now.at - share * at };
      }
    const norm = Math.sqrt(dot(now.values, now.values));
    basis.push({ values: now.values.map((v) => v / norm), at: now.at / norm });
  }
  return nodes.map((_, j) => basis.reduce((sum, { values, at }) => sum + at * values[j]!, 0));
}

const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);

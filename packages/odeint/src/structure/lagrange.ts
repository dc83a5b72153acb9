/** The polynomials that are 1 at one node and 0 at the others, as coefficients of 1, x, x², …. */
export const lagrange = (nodes: readonly number[]): number[][] =>
  nodes.map((node, i) =>
    nodes
      .filter((_, j) => j !== i)
      .reduce<number[]>(
        (product, other) => [...product, 0].map((x, k) => ((product[k - 1] ?? 0) - x * other) / (node - other)),
        [1],
      ),
  );

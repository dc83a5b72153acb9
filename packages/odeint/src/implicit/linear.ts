import { concat, linalg, take, type Tensor, where } from "@dzdt/tensor";

/** Systems of so many unknowns are solved in scalar operations, which programs for small states keep in registers. */
const mostWrittenOut = 6;

/**
 * x of A x = b for one A, `[n, n]`, and many b, `[n]`, by elimination with partial pivoting; A is factorised once. Not finite where A is singular.
 */
export function factorized(a: Tensor): (b: Tensor) => Tensor {
  const n = a.shape[0]!;
  if (n === 0) return (b) => b;
  if (n > mostWrittenOut) return (b) => linalg.solve(a, b);
  const scalars = writtenOut(
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (__, j) => a.slice([i, j], [i + 1, j + 1]).reshape([])),
    ),
  );
  return (b) => {
    const x = scalars(Array.from({ length: n }, (_, i) => b.slice([i], [i + 1]).reshape([])));
    return concat(
      x.map((one) => one.reshape([1])),
      0,
    );
  };
}

/** x of A x = b like `factorized`, for code in which it is used again and again, such as the body of a loop: A is factorised here, outside. */
export function reusable(a: Tensor): (b: Tensor) => Tensor {
  if (a.shape[0]! <= mostWrittenOut) return factorized(a);
  const [permutation, lower, upper] = linalg.lu(a);
  return (b) => {
    const inner = linalg.triangularSolve(lower, take(b, permutation, 0), { lower: true, unitDiagonal: true });
    return linalg.triangularSolve(upper, inner, { lower: false });
  };
}

interface Swap {
  readonly rows: readonly [number, number];
  readonly when: Tensor;
}

function writtenOut(rows: readonly (readonly Tensor[])[]): (b: readonly Tensor[]) => Tensor[] {
  const n = rows.length;
  const a = rows.map((row) => [...row]);
  const swaps: Swap[][] = [];
  const factors: Tensor[][] = [];
  const exchanged = (when: Tensor, x: Tensor, y: Tensor): [Tensor, Tensor] => [where(when, y, x), where(when, x, y)];
  for (let c = 0; c < n; c++) {
    swaps.push([]);
    for (let r = c + 1; r < n; r++) {
      const when = a[r]![c]!.abs().greater(a[c]![c]!.abs()).stopGradient();
      for (let j = 0; j < n; j++) if (j >= c) [a[c]![j], a[r]![j]] = exchanged(when, a[c]![j]!, a[r]![j]!);
      swaps[c]!.push({ rows: [c, r], when });
    }
    factors.push([]);
    for (let r = c + 1; r < n; r++) {
      const factor = a[r]![c]!.div(a[c]![c]!);
      factors[c]!.push(factor);
      for (let j = c + 1; j < n; j++) a[r]![j] = a[r]![j]!.sub(factor.mul(a[c]![j]!));
    }
  }
  return (b) => {
    const x = [...b];
    for (let c = 0; c < n; c++) {
      for (const {
        rows: [p, q],
        when,
      } of swaps[c]!)
        [x[p], x[q]] = exchanged(when, x[p]!, x[q]!);
      factors[c]!.forEach((factor, k) => (x[c + 1 + k] = x[c + 1 + k]!.sub(factor.mul(x[c]!))));
    }
    for (let c = n - 1; c >= 0; c--) {
      for (let j = c + 1; j < n; j++) x[c] = x[c]!.sub(a[c]![j]!.mul(x[j]!));
      x[c] = x[c]!.div(a[c]![c]!);
    }
    return x;
  };
}

import { concat, linalg, stopGradient, take, type Tensor, where } from "@dzdt/tensor";

/** Systems of so many unknowns are solved in scalar operations, which programs for small states keep in registers. */
const mostWrittenOut = 6;

/**
 * x of A x = b for one A, `[n, n]`, and many b, `[n]`, by elimination with partial pivoting; A is factorised once. Not finite where A is singular.
 */
export function factorized(a: Tensor): (b: Tensor) => Tensor {
  const n = a.shape[0]!;
  if (n === 0) return (b) => b;
  if (n > mostWrittenOut) return (b) => linalg.solve(a, b);
  return onVectors(eliminated(entriesOf(a)));
}

const entriesOf = (a: Tensor): Tensor[][] =>
  Array.from({ length: a.shape[0]! }, (_, i) =>
    Array.from({ length: a.shape[1]! }, (__, j) => a.slice([i, j], [i + 1, j + 1]).reshape([])),
  );

/** x of A x = b like `factorized`, for code in which it is used again and again, such as the body of a loop: A is factorised here, outside. */
export const reusable = (a: Tensor): ((b: Tensor) => Tensor) => factorization(a).solve;

/** Both ways to solve with one factorisation. */
interface Factorization {
  readonly solve: (b: Tensor) => Tensor;
  /** The same with A, but not b, constant of derivatives. */
  readonly still: (b: Tensor) => Tensor;
}

/** A factorised where this is called, as by `reusable`. */
export function factorization(a: Tensor): Factorization {
  const n = a.shape[0]!;
  if (n === 0) return { solve: (b) => b, still: (b) => b };
  if (n <= mostWrittenOut) {
    const factors = eliminated(entriesOf(a));
    return { solve: onVectors(factors), still: onVectors(fixed(factors)) };
  }
  const [permutation, lower, upper] = linalg.lu(a);
  const by =
    (l: Tensor, u: Tensor) =>
    (b: Tensor): Tensor => {
      const inner = linalg.triangularSolve(l, take(b, permutation, 0), { lower: true, unitDiagonal: true });
      return linalg.triangularSolve(u, inner, { lower: false });
    };
  return { solve: by(lower, upper), still: by(stopGradient(lower), stopGradient(upper)) };
}

interface Swap {
  readonly rows: readonly [number, number];
  readonly when: Tensor;
}

/** A after elimination: rows of its upper triangle, and what was swapped and taken off on the way. */
interface Eliminated {
  readonly rows: readonly (readonly Tensor[])[];
  readonly swaps: readonly (readonly Swap[])[];
  readonly factors: readonly (readonly Tensor[])[];
}

const fixed = ({ rows, swaps, factors }: Eliminated): Eliminated => ({
  rows: rows.map((row) => row.map((x) => stopGradient(x))),
  swaps,
  factors: factors.map((list) => list.map((x) => stopGradient(x))),
});

const exchanged = (when: Tensor, x: Tensor, y: Tensor): [Tensor, Tensor] => [where(when, y, x), where(when, x, y)];

function eliminated(rows: readonly (readonly Tensor[])[]): Eliminated {
  const n = rows.length;
  const a = rows.map((row) => [...row]);
  const swaps: Swap[][] = [];
  const factors: Tensor[][] = [];
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
  return { rows: a, swaps, factors };
}

function onVectors({ rows: a, swaps, factors }: Eliminated): (b: Tensor) => Tensor {
  const n = a.length;
  return (b) => {
    const x = Array.from({ length: n }, (_, i) => b.slice([i], [i + 1]).reshape([]));
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
    return concat(
      x.map((one) => one.reshape([1])),
      0,
    );
  };
}

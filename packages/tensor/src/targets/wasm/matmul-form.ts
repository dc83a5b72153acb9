import type { MatmulSpec } from "../../lower/machine";
import type { Vectors } from "./matmul-code";

/** One operand as the tiles see it: element strides along the result's index and along the sum. */
export interface Side {
  readonly parameter: number;
  readonly length: number;
  readonly stride: number;
  readonly sumStride: number;
}

/**
 * A product with roles: numbers of `left` are repeated over the lanes of a vector, those of `right` fill it. Results are sums over k in
 * order, one lane each, so no choice of form or tile changes them.
 */
export interface Form {
  readonly left: Side;
  readonly right: Side;
  readonly k: number;
  /** Elements of c from one index of left, and of right, to the next. */
  readonly c: { readonly leftStride: number; readonly rightStride: number };
  /** The right side is copied, a strip at a time, so that vectors are contiguous and close together. */
  readonly packed: boolean;
}

/** Cost of copying an element, and of storing a lane apart, in multiply–adds of whole vectors. */
const moveCost = 0.5;

/** The cheaper of vectors along the columns of c and along its rows. */
export function formOf(spec: MatmulSpec, { lanes, bytes }: Vectors): Form {
  const { m, n, k, a, b, c } = spec;
  const rows: Side = { parameter: 0, length: m, stride: a.rowStride, sumStride: a.columnStride };
  const columns: Side = { parameter: 1, length: n, stride: b.columnStride, sumStride: b.rowStride };
  const cost = (left: Side, right: Side, storeStride: number): number => {
    const move = (scattered(right) ? right.length * k : 0) + (storeStride === 1 || right.length === 1 ? 0 : m * n);
    return left.length * Math.ceil(right.length / lanes) * k + moveCost * move;
  };
  const swap = cost(columns, rows, c.rowStride) < cost(rows, columns, 1);
  const [left, right] = swap ? [columns, rows] : [rows, columns];
  return {
    left,
    right,
    k,
    c: swap ? { leftStride: 1, rightStride: c.rowStride } : { leftStride: c.rowStride, rightStride: 1 },
    packed: scattered(right) || crowded(left, right, k, bytes),
  };
}

const scattered = (right: Side): boolean => right.stride !== 1 && right.length > 1;

/**
 * Is right read often enough to copy it where it takes too much of the first cache: rows so far apart that those of a strip push each other
 * out, or left bringing in a line for each step of k.
 */
const crowded = (left: Side, right: Side, k: number, bytes: number): boolean =>
  left.length >= 32 &&
  k >= 128 &&
  right.length * bytes >= 64 &&
  ((right.sumStride * bytes) % 1024 === 0 || left.sumStride !== 1);

/**
 * The most rows of a tile of c that stays in registers while k runs, by its number of vectors. V8 up to 12 moves all loads of a basic block
 * to its top, so a tile needs rows + vectors + rows·vectors registers and one for a product, of the 15 there are, and no
 * block may hold two steps of k; beyond that everything spills. Later ones keep the order and would gain up to 6 % from 6 × 2, by which V8 12 loses a third.
 */
export const tileRows: readonly number[] = [0, 6, 4, 2, 2, 1, 1];
const tileVectors = 2;

/** The number of vectors for a product of so many rows: few rows leave registers for more vectors. */
export function widthFor(rows: number): number {
  let width = tileVectors;
  for (let wider = width + 1; wider < tileRows.length; wider++) if (tileRows[wider]! >= rows) width = wider;
  return width;
}

/** `count` things in as few parts of at most `most` as can be, of nearly equal sizes: the larger first. */
export function parts(count: number, most: number): { readonly size: number; readonly times: number }[] {
  const total = Math.ceil(count / most);
  const size = Math.floor(count / total);
  const larger = count - size * total;
  return [
    { size: size + 1, times: larger },
    { size, times: total - larger },
  ].filter(({ times, size: length }) => times > 0 && length > 0);
}

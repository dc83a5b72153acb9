import type { Emitter, Value, Variable } from "../lower/emitter";
import type { Matrix } from "./matrices";

/** A rotation of two axes. */
export interface Rotation {
  readonly cosine: Variable;
  readonly sine: Variable;
}

/**
 * The smaller of the two rotations that make an element off the diagonal of a symmetric matrix zero, from the difference of the two on the diagonal
 * (Golub and Van Loan 2013, section 8.5).
 */
export function rotationFor(k: Emitter, difference: Value, element: Value): Rotation {
  const number = (x: number): Value => k.literal(element.dtype, x);
  const ratio = k.variable(k.div(difference, k.mul(element, number(2))));
  const root = k.sqrt(k.add(k.mul(ratio.get(), ratio.get()), number(1)));
  const tangent = k.variable(k.copySign(k.div(number(1), k.add(k.abs(ratio.get()), root)), ratio.get()));
  const cosine = k.variable(k.div(number(1), k.sqrt(k.add(k.mul(tangent.get(), tangent.get()), number(1)))));
  const sine = k.variable(k.mul(tangent.get(), cosine.get()));
  return { cosine, sine };
}

/** Turns the numbers that two sides have. */
export function turn<Side>(
  k: Emitter,
  { cosine, sine }: Rotation,
  [p, q]: readonly [Side, Side],
  get: (side: Side) => Value,
  set: (side: Side, value: Value) => void,
): void {
  const [x, y] = [k.variable(get(p)), k.variable(get(q))];
  set(p, k.sub(k.mul(cosine.get(), x.get()), k.mul(sine.get(), y.get())));
  set(q, k.add(k.mul(sine.get(), x.get()), k.mul(cosine.get(), y.get())));
}

/** Turns two columns of a matrix. */
export const turnColumns = (k: Emitter, by: Rotation, sides: readonly [Value, Value], m: Matrix, rows: number): void =>
  k.loop(rows, (i) =>
    turn(
      k,
      by,
      sides,
      (side) => m.get(i, side),
      (side, value) => m.set(i, side, value),
    ),
  );

/** The element of a column that is largest, whatever its sign. */
export function largestOf(k: Emitter, m: Matrix, column: Value, rows: number, zero: Value): Variable {
  const largest = k.variable(zero);
  k.loop(rows, (row) => {
    const x = k.variable(m.get(row, column));
    k.if(k.less(k.abs(largest.get()), k.abs(x.get())), () => largest.set(x.get()));
  });
  return largest;
}

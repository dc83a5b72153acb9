/**
 * The rows of a square of 2 or 4 numbers a side, from its columns, each a vector.
 * @param shuffle makes a vector of elements of two by their numbers, the second's counted on from the first's
 */
export function transposeSquare(
  columns: readonly number[],
  shuffle: (a: number, b: number, taken: readonly number[]) => number,
): readonly number[] {
  const [a, b, c, d] = columns as readonly [number, number, number, number];
  if (columns.length === 2) return [shuffle(a, b, [0, 2]), shuffle(a, b, [1, 3])];
  // Pairs interleaved, then halves of those exchanged.
  const interleaved = (x: number, y: number): [number, number] => [
    shuffle(x, y, [0, 4, 1, 5]),
    shuffle(x, y, [2, 6, 3, 7]),
  ];
  const [first, second] = [interleaved(a, b), interleaved(c, d)];
  return first.flatMap((x, half) => {
    const y = second[half]!;
    return [shuffle(x, y, [0, 1, 4, 5]), shuffle(x, y, [2, 3, 6, 7])];
  });
}

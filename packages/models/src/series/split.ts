/** Half-open ranges of rows: the first part to train on, the rest to test on. */
export interface Split {
  readonly train: { readonly start: 0; readonly end: number };
  readonly test: { readonly start: number; readonly end: number };
}

/**
 * Splits `n` rows in time: the first ⌊n · fraction⌋ train, the rest test. Not shuffled, since neighbours in time are near copies.
 * @throws Error unless both parts get at least one row
 */
export function split(n: number, fraction: number): Split {
  if (!(fraction > 0 && fraction < 1)) throw new Error(`split: fraction is ${fraction}; give a number between 0 and 1`);
  if (!Number.isInteger(n) || n < 2) throw new Error(`split: n is ${n}; two parts need an integer of 2 or more`);
  // 0.29 · 100 is 28.999999999999996
  const end = Math.floor(n * fraction * (1 + 2 * Number.EPSILON));
  if (end < 1 || end >= n)
    throw new Error(`split: ${fraction} of ${n} rows leaves one part empty; give more rows or another fraction`);
  return { train: { start: 0, end }, test: { start: end, end: n } };
}

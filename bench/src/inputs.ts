/** Numbers with a shape, float64, row-major. */
export interface Block {
  readonly values: Float64Array;
  readonly shape: readonly number[];
}

export const block = (values: ArrayLike<number>, ...shape: number[]): Block => ({
  values: Float64Array.from(values),
  shape,
});

/** `n` numbers in [0, 1) of the generator mulberry32: the same in every language with 32-bit integers. */
export function unit(seed: number, n: number): Float64Array {
  let state = Math.imul(seed, 0x9e3779b9);
  return Float64Array.from({ length: n }, () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    const word = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  });
}

export const uniform = (seed: number, n: number, low: number, high: number): Float64Array =>
  unit(seed, n).map((u) => low + (high - low) * u);

/** Standard normal numbers, each from two uniform ones (Box and Muller's cosine). */
export function normal(seed: number, n: number): Float64Array {
  const u = unit(seed, 2 * n);
  return Float64Array.from(
    { length: n },
    (_, i) => Math.sqrt(-2 * Math.log(1 - u[2 * i]!)) * Math.cos(2 * Math.PI * u[2 * i + 1]!),
  );
}

/**
 * Weights `[in, out]` and biases `[out]`, layer by layer: W₁, b₁, W₂, b₂, … from one stream. `uniform`: within ±1/√in; `normal`: weights of
 * standard deviation 0.1, no biases.
 */
export function mlpParams(seed: number, sizes: readonly number[], law: "uniform" | "normal" = "uniform"): Block[] {
  const layers = sizes.slice(1).map((out, i) => [sizes[i]!, out] as const);
  const total = layers.reduce((sum, [rows, columns]) => sum + (rows + 1) * columns, 0);
  const stream = law === "uniform" ? uniform(seed, total, -1, 1) : normal(seed, total);
  let used = 0;
  const take = (factor: number, ...shape: number[]): Block => {
    const end = used + shape.reduce((a, b) => a * b);
    const values = stream.slice(used, end).map((v) => v * factor);
    used = end;
    return { values, shape };
  };
  return layers.flatMap(([rows, columns]) => {
    const factor = law === "uniform" ? 1 / Math.sqrt(rows) : 0.1;
    return [take(factor, rows, columns), take(law === "uniform" ? factor : 0, columns)];
  });
}

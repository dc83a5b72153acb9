/** Doubles as pairs of singles, the high one first: the nearest single, and the nearest to what it leaves. Beyond the range of singles they are infinite. */
export function split(values: Float64Array): Float32Array<ArrayBuffer> {
  const pairs = new Float32Array(2 * values.length);
  values.forEach((value, i) => {
    const high = Math.fround(value);
    pairs[2 * i] = high;
    pairs[2 * i + 1] = Number.isFinite(high) ? value - high : 0;
  });
  return pairs;
}

/** The sums of pairs, which doubles hold. */
export function join(pairs: Float32Array): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: pairs.length / 2 }, (_, i) => sum(pairs[2 * i]!, pairs[2 * i + 1]!));
}

/** 0 may have a sign, which adding 0 would take. */
const sum = (high: number, low: number): number => (low === 0 ? high : high + low);

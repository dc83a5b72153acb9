/** What is put around a rounded sum, as WGSL, lest compilers compute something else that would be the same were nothing rounded. */
export type Guard = (wgsl: string) => string;

/** An exclusive or with a word that is always 0, of which compilers know nothing. */
export const keep: Guard = (wgsl) => `bitcast<f32>(bitcast<u32>(${wgsl}) ^ run.zero)`;

/** For compilers that leave sums as they are. */
export const trust: Guard = (wgsl) => `(${wgsl})`;

/** A pair with the other sign. By its bits, as optimisers know that (a - b) + b is a, which it is not. */
export const negated = (pair: string): string => `bitcast<vec2f>(bitcast<vec2u>(${pair}) ^ vec2u(0x80000000u))`;

/** Statements that define a number `r` and, with what rounding took from it, `r_low`. Products and quotients are always kept: compilers may fuse and cancel them. */
export interface PairText {
  /** a + b for |a| ≥ |b|. Dekker 1971, doi:10.1007/BF01397083. */
  readonly joined: (r: string, a: string, b: string) => string;
  /** a + b for any. Knuth, TAOCP 2, §4.2.2. */
  readonly twoSum: (r: string, a: string, b: string) => string;
  /** a · b, of names. Dekker 1971, with halves cut off by their bits, so that nothing overflows. */
  readonly twoProduct: (r: string, a: string, b: string) => string;
  /** The sum of two pairs, of names; `r_first` is that of the high parts. */
  readonly add: (r: string, a: string, b: string) => string;
  /** The pair of `r`, but `plain` alone where it is 0, which has a sign, or infinite. */
  readonly settled: (r: string, plain: string) => string;
}

export function pairText(guard: Guard): PairText {
  const text: PairText = {
    joined: (r, a, b) => `  let ${r}_a = ${a};
  let ${r}_b = ${b};
  let ${r} = ${guard(`${r}_a + ${r}_b`)};
  let ${r}_low = ${guard(`${r}_b - ${guard(`${r} - ${r}_a`)}`)};`,
    twoSum: (r, a, b) => `  let ${r} = ${guard(`${a} + ${b}`)};
  let ${r}_b = ${guard(`${r} - ${a}`)};
  let ${r}_a = ${guard(`${r} - ${r}_b`)};
  let ${r}_low = ${guard(`${guard(`${a} - ${r}_a`)} + ${guard(`${b} - ${r}_b`)}`)};`,
    twoProduct: (r, a, b) => `  let ${r} = ${keep(`${a} * ${b}`)};
  let ${r}_ah = bitcast<f32>(bitcast<u32>(${a}) & 0xfffff000u);
  let ${r}_bh = bitcast<f32>(bitcast<u32>(${b}) & 0xfffff000u);
  let ${r}_al = ${guard(`${a} - ${r}_ah`)};
  let ${r}_bl = ${guard(`${b} - ${r}_bh`)};
  let ${r}_rest = ${guard(`${guard(`${guard(`${r}_ah * ${r}_bh - ${r}`)} + ${r}_ah * ${r}_bl`)} + ${r}_al * ${r}_bh`)};
  let ${r}_low = ${guard(`${r}_rest + ${r}_al * ${r}_bl`)};`,
    add: (r, a, b) => `${text.twoSum(`${r}_first`, `${a}.x`, `${b}.x`)}
${text.twoSum(`${r}_last`, `${a}.y`, `${b}.y`)}
${text.joined(`${r}_near`, `${r}_first`, guard(`${r}_first_low + ${r}_last`))}
${text.joined(r, `${r}_near`, guard(`${r}_near_low + ${r}_last_low`))}`,
    settled: (r, plain) =>
      `select(vec2f(${plain}, 0.0f), vec2f(${r}, ${r}_low), ((bitcast<u32>(${r}) & 0x7f800000u) != 0x7f800000u) & (${r} != 0.0f))`,
  };
  return text;
}

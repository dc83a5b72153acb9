/** Functions of WGSL by name, with what each needs before it but other functions. */
export type HelperSources = ReadonlyMap<string, string>;

/** Texts by the name of the first function in each. */
export const helpersOf = (texts: readonly string[]): HelperSources =>
  new Map(texts.map((text) => [/fn (\w+)/.exec(text)![1]!, text]));

/**
 * Functions that emitted code calls. WGSL leaves open what its own operations do with NaN, infinities,
 * zero divisors and numbers out of range; these decide by bit patterns and comparisons.
 */
const sources: HelperSources = helpersOf([
  `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  `fn min_float(a: f32, b: f32) -> f32 {
  let zero = bitcast<f32>(bitcast<u32>(a) | bitcast<u32>(b));
  let least = select(select(b, a, a < b), zero, a == b);
  return select(select(least, b, is_nan(b)), a, is_nan(a));
}`,
  `fn max_float(a: f32, b: f32) -> f32 {
  let zero = bitcast<f32>(bitcast<u32>(a) & bitcast<u32>(b));
  let most = select(select(a, b, a < b), zero, a == b);
  return select(select(most, b, is_nan(b)), a, is_nan(a));
}`,
  `fn equal_float(a: f32, b: f32) -> bool { return (a == b) & !is_nan(a) & !is_nan(b); }`,
  `fn less_float(a: f32, b: f32) -> bool { return (a < b) & !is_nan(a) & !is_nan(b); }`,
  `fn less_equal_float(a: f32, b: f32) -> bool { return (a <= b) & !is_nan(a) & !is_nan(b); }`,
  `fn copy_sign(a: f32, b: f32) -> f32 {
  return bitcast<f32>((bitcast<u32>(a) & 0x7fffffffu) | (bitcast<u32>(b) & 0x80000000u));
}`,
  `fn abs_float(a: f32) -> f32 { return bitcast<f32>(bitcast<u32>(a) & 0x7fffffffu); }`,
  `fn neg_float(a: f32) -> f32 { return bitcast<f32>(bitcast<u32>(a) ^ 0x80000000u); }`,
  `fn sqrt_float(a: f32) -> f32 {
  let root = select(sqrt(a), a, bitcast<u32>(a) == 0x7f800000u);
  return select(root, bitcast<f32>(0x7fc00000u ^ run.zero), a < 0.0f);
}`,
  `fn int_of_float(x: f32) -> i32 {
  let inside = select(i32(-2147483648), i32(x), x > -2147483648.0f);
  return select(select(inside, 2147483647i, x >= 2147483648.0f), 0i, is_nan(x));
}`,
  `fn uint_of_float(x: f32) -> u32 {
  let inside = select(0u, u32(x), x > 0.0f);
  return select(select(inside, 4294967295u, x >= 4294967296.0f), 0u, is_nan(x));
}`,
  `fn div_int(a: i32, b: i32) -> i32 {
  let quotient = a / select(b, 1i, b == 0i || b == -1i);
  return select(select(quotient, -a, b == -1i), 0i, b == 0i);
}`,
  `fn rem_int(a: i32, b: i32) -> i32 { return a % select(b, 1i, b == 0i || b == -1i); }`,
  `fn div_uint(a: u32, b: u32) -> u32 { return select(a / select(b, 1u, b == 0u), 0u, b == 0u); }`,
  `fn rem_uint(a: u32, b: u32) -> u32 { return a % select(b, 1u, b == 0u); }`,
  `fn load_byte(address: i32) -> u32 {
  return (memory[u32(address) >> 2u] >> ((u32(address) & 3u) * 8u)) & 0xffu;
}`,
  `fn store_byte(address: i32, value: u32) {
  let word = u32(address) >> 2u;
  let shift = (u32(address) & 3u) * 8u;
  memory[word] = (memory[word] & ~(0xffu << shift)) | (value << shift);
}`,
  `fn copy_words(to: i32, source: i32, words: i32) {
  let backwards = to > source;
  for (var n = 0i; n < words; n++) {
    let i = select(n, words - 1i - n, backwards);
    memory[u32((to >> 2u) + i)] = memory[u32((source >> 2u) + i)];
  }
}`,
  `fn copy_bytes(to: i32, source: i32, bytes: i32) {
  let backwards = to > source;
  for (var n = 0i; n < bytes; n++) {
    let i = select(n, bytes - 1i - n, backwards);
    store_byte(to + i, load_byte(source + i));
  }
}`,
  `fn fill_words(to: i32, word: u32, words: i32) {
  for (var n = 0i; n < words; n++) { memory[u32((to >> 2u) + n)] = word; }
}`,
  `fn fill_bytes(to: i32, byte: u32, bytes: i32) {
  for (var n = 0i; n < bytes; n++) { store_byte(to + n, byte); }
}`,
  `fn note_failure(code: u32) { if (memory[1] == 0u) { memory[1] = code; } }`,
  `fn stop_run() { note_failure(0xffffffffu); stopped = true; }`,
  `fn reserve(end: i32) { if (u32(end) > heap_end) { stop_run(); } }`,
  `const two_over_pi = array<u32, 7>(
  0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u);
struct TurnDigits { quadrant: i32, negative: bool, rest: vec2u }
// Payne and Hanek 1983 on integers: |x| times the bits of 2/pi that matter, modulo four quarter turns.
fn turn_digits(size: f32) -> TurnDigits {
  let word = bitcast<u32>(size);
  let exponent = i32(word >> 23u) - 127i;
  let mantissa = ((word & 0x007fffffu) | 0x00800000u) << 7u;
  // Bits of 2/pi before this one are multiples of four; the table begins with 32 zeros.
  let at = u32(exponent);
  let first = at >> 5u;
  let shift = at & 31u;
  var table = two_over_pi;
  var digits: array<u32, 3>;
  for (var i = 0u; i < 3u; i++) {
    let high = table[first + i];
    let low = table[min(first + i + 1u, 6u)];
    digits[i] = select((high << shift) | (low >> (32u - shift)), high, shift == 0u);
  }
  let p2 = wide_product(mantissa, digits[2]);
  let p1 = wide_product(mantissa, digits[1]);
  let middle = p1.y + p2.x;
  let carry = select(0u, 1u, middle < p1.y);
  let top = mantissa * digits[0] + p1.x + carry;
  // The fraction of a turn in top:middle, the two highest bits being the quadrant; the nearest quadrant leaves an angle of either sign.
  let quadrant = (top + 0x20000000u) >> 30u;
  var rest = vec2u(top - (quadrant << 30u), middle);
  let negative = (rest.x >> 31u) == 1u;
  if (negative) {
    rest = vec2u(~rest.x, ~rest.y + 1u);
    if (rest.y == 0u) { rest.x += 1u; }
  }
  // In quarter turns it is rest * 2^-62.
  return TurnDigits(i32(quadrant), negative, rest);
}
fn wide_product(a: u32, b: u32) -> vec2u {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let low = al * bl;
  let m1 = ah * bl + (low >> 16u);
  let m2 = al * bh + (m1 & 0xffffu);
  return vec2u(ah * bh + (m1 >> 16u) + (m2 >> 16u), (m2 << 16u) | (low & 0xffffu));
}`,
  `struct Turned { quadrant: i32, angle: f32 }
fn reduce_turns(size: f32) -> Turned {
  let turned = turn_digits(size);
  let zeros = countLeadingZeros(turned.rest.x);
  let lead = select(turned.rest.x, turned.rest.y, zeros == 32u);
  let under = select(turned.rest.y, 0u, zeros == 32u);
  let moved = countLeadingZeros(lead);
  let aligned = select((lead << moved) | (under >> (32u - moved)), lead, moved == 0u);
  let places = i32(select(moved, moved + 32u, zeros == 32u));
  // In quarter turns it is aligned * 2^(-30 - places).
  let angle = f32(aligned) * bitcast<f32>(u32(97i - places) << 23u) * 1.5707963267948966f;
  return Turned(turned.quadrant, select(angle, -angle, turned.negative));
}`,
]);

/** Text of the helpers that code calls, and of those that they call. @param more helpers beside those that every target has */
export function helperText(code: readonly string[], more?: HelperSources): string[] {
  const wanted = new Set<string>();
  const visit = (text: string): void => {
    for (const [, name] of text.matchAll(/(\w+)\(/g)) {
      const helper = more?.get(name!) ?? sources.get(name!);
      if (helper === undefined || wanted.has(helper)) continue;
      wanted.add(helper);
      visit(helper);
    }
  };
  code.forEach(visit);
  return [...wanted];
}

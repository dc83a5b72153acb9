import { type HelperSources, helpersOf } from "../wgsl/helpers";
import { type Guard, keep, negated, pairText } from "./text";

/** WGSL for that neither a nor b is NaN. */
const areNumbers =
  "((bitcast<u32>(a.x) & 0x7fffffffu) <= 0x7f800000u) & ((bitcast<u32>(b.x) & 0x7fffffffu) <= 0x7f800000u)";

/**
 * Arithmetic on float64 as unevaluated sums of two float32, x + y with |y| at most half a unit in the last place of x; y is 0 where x is infinite.
 * Functions have few calls within them: drivers that inline them take a time that grows with the square of the number of calls.
 *
 * Operations on pairs: Joldes, Muller, Popescu 2017, doi:10.1145/3121432, algorithms 6 and 11 (errors below 3 and 5·2⁻⁴⁸).
 * @param guard how rounded sums are kept as they are
 */
export function helpersWith(guard: Guard): HelperSources {
  const { joined, twoProduct, add, settled } = pairText(guard);
  return helpersOf([
    `fn pair_add(a: vec2f, b: vec2f) -> vec2f {
${add("sum", "a", "b")}
  return ${settled("sum", "sum_first")};
}`,
    `fn pair_mul(a: vec2f, b: vec2f) -> vec2f {
${twoProduct("first", "a.x", "b.x")}
${joined("product", "first", guard(`first_low + ${guard("a.x * b.y + a.y * b.x")}`))}
  return ${settled("product", "first")};
}`,
    `fn pair_div(a: vec2f, b: vec2f) -> vec2f {
  let first = ${keep("a.x / b.x")};
${twoProduct("whole", "first", "b.x")}
${joined("part", "whole", guard("whole_low + first * b.y"))}
  let less = ${negated("vec2f(part, part_low)")};
${add("rest", "a", "less")}
  let second = ${keep("rest / b.x")};
${twoProduct("more", "second", "b.x")}
  let left = ${guard(`${guard(`${guard("rest - more")} - more_low`)} + ${guard("rest_low - second * b.y")}`)};
${joined("near", "first", "second")}
${joined("quotient", "near", guard("near_low + left / b.x"))}
  return ${settled("quotient", "first")};
}`,
    `fn pair_sqrt(a: vec2f) -> vec2f {
  let root = ${keep("sqrt_float(a.x)")};
  let slope = 0.5f / root;
${twoProduct("square", "root", "root")}
  let less = ${negated("vec2f(square, square_low)")};
${add("rest", "a", "less")}
${joined("near", "root", keep("rest * slope"))}
${twoProduct("first", "near", "near")}
${joined("again", "first", guard(`first_low + ${keep("2.0f * near * near_low")}`))}
  let less_again = ${negated("vec2f(again, again_low)")};
${add("left", "a", "less_again")}
${joined("exact", "near", guard(`near_low + ${keep("left * slope")}`))}
  return ${settled("exact", "root")};
}`,
    `fn pair_equal(a: vec2f, b: vec2f) -> bool { return (a.x == b.x) & (a.y == b.y) & ${areNumbers}; }`,
    `fn pair_less(a: vec2f, b: vec2f) -> bool {
  return ((a.x < b.x) | ((a.x == b.x) & (a.y < b.y))) & ${areNumbers};
}`,
    `fn pair_less_equal(a: vec2f, b: vec2f) -> bool {
  return ((a.x < b.x) | ((a.x == b.x) & (a.y <= b.y))) & ${areNumbers};
}`,
    `fn pair_abs(a: vec2f) -> vec2f { return bitcast<vec2f>(bitcast<vec2u>(a) ^ vec2u(bitcast<u32>(a.x) & 0x80000000u)); }`,
    `fn pair_copy_sign(a: vec2f, b: vec2f) -> vec2f {
  return bitcast<vec2f>(bitcast<vec2u>(a) ^ vec2u((bitcast<u32>(a.x) ^ bitcast<u32>(b.x)) & 0x80000000u));
}`,
    `fn pair_min(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(min_float(a.x, b.x), select(select(b.y, a.y, a.x < b.x), min(a.y, b.y), a.x == b.x));
}`,
    `fn pair_max(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(max_float(a.x, b.x), select(select(a.y, b.y, a.x < b.x), max(a.y, b.y), a.x == b.x));
}`,
    `fn pair_floor(a: vec2f) -> vec2f {
  let high = floor(a.x);
${joined("whole", "high", "floor(a.y)")}
  return select(vec2f(high, 0.0f), vec2f(whole, whole_low), (high == a.x) & (a.y != 0.0f));
}`,
    `fn pair_ceil(a: vec2f) -> vec2f {
  let high = ceil(a.x);
${joined("whole", "high", "ceil(a.y)")}
  // −1 and a bit make −0.
  let signed = bitcast<f32>(bitcast<u32>(whole) | (bitcast<u32>(a.x) & 0x80000000u));
  return select(vec2f(high, 0.0f), vec2f(signed, whole_low), (high == a.x) & (a.y != 0.0f));
}`,
    `fn pair_trunc(a: vec2f) -> vec2f { return select(pair_floor(a), pair_ceil(a), (bitcast<u32>(a.x) >> 31u) == 1u); }`,
    `fn pair_round(a: vec2f) -> vec2f {
  let high = round(a.x);
  // Halfway between integers the low part decides.
  let between = abs(a.x - trunc(a.x)) == 0.5f;
  let near = select(select(high, ceil(a.x), between & (a.y > 0.0f)), floor(a.x), between & (a.y < 0.0f));
${joined("whole", "high", "round(a.y)")}
  return select(vec2f(near, 0.0f), vec2f(whole, whole_low), (high == a.x) & (a.y != 0.0f));
}`,
    `fn pair_of_int(x: i32) -> vec2f {
${joined("whole", keep("f32(x >> 16u) * 65536.0f"), "f32(x & 0xffff)")}
  return vec2f(whole, whole_low);
}`,
    `fn pair_of_uint(x: u32) -> vec2f {
${joined("whole", keep("f32(x >> 16u) * 65536.0f"), "f32(x & 0xffffu)")}
  return vec2f(whole, whole_low);
}`,
    // Of a whole number that is not negative and below 2^32.
    `fn word_of_pair(a: vec2f) -> u32 {
  let half = floor(a.x * 0.5f);
  return u32(half) * 2u + u32(a.x - 2.0f * half) + bitcast<u32>(i32(a.y));
}`,
    `fn int_of_pair(a: vec2f) -> i32 {
  let size = pair_floor(pair_abs(a));
  let negative = a.x < 0.0f;
  let inside = pair_less(size, vec2f(2147483648.0f, 0.0f));
  let word = bitcast<i32>(word_of_pair(select(vec2f(0.0f), size, inside)));
  let most = select(2147483647i, i32(-2147483648), negative);
  return select(select(most, select(word, -word, negative), inside), 0i, is_nan(a.x));
}`,
    `fn uint_of_pair(a: vec2f) -> u32 {
  let size = pair_floor(a);
  let inside = pair_less(size, vec2f(4294967296.0f, 0.0f));
  let word = word_of_pair(select(vec2f(0.0f), size, inside && a.x >= 0.0f));
  return select(select(4294967295u, word, inside), 0u, is_nan(a.x));
}`,
    // The bits of the double that a pair is, upper word first.
    `fn words_of_pair(a: vec2f) -> vec2u {
  let x = bitcast<u32>(a.x);
  let y = bitcast<u32>(a.y);
  let sign = x & 0x80000000u;
  var exponent = (x >> 23u) & 0xffu;
  if (exponent == 0u) { return vec2u(sign, 0u); }
  if (exponent == 255u) { return vec2u(x | 0x7ff00000u | ((x & 0x7fffffu) >> 3u), 0u); }
  // The significand's leading bit is the second of two words.
  var top = ((x & 0x7fffffu) | 0x800000u) << 7u;
  var low = 0u;
  let lower = (y >> 23u) & 0xffu;
  if (lower != 0u) {
    let digits = (y & 0x7fffffu) | 0x800000u;
    let down = exponent - lower;
    let under = select(digits >> min(down - 39u, 31u), digits << (39u - min(down, 39u)), down <= 39u);
    let over = select(0u, digits >> (min(down, 38u) - 7u), down < 39u);
    if (sign == (y & 0x80000000u)) {
      low = under;
      top += over;
    } else {
      low = 0u - under;
      top -= over + select(0u, 1u, under != 0u);
    }
  }
  if ((top & 0x40000000u) == 0u) {
    top = (top << 1u) | (low >> 31u);
    low = low << 1u;
    exponent -= 1u;
  }
  let fraction = (top >> 10u) & 0xfffffu;
  return vec2u(sign | ((exponent + 896u) << 20u) | fraction, (top << 22u) | (low >> 10u));
}`,
    // Rounded where it has more digits than pairs, exact where they come from one.
    `fn pair_of_words(high: u32, low: u32) -> vec2f {
  let exponent = i32((high >> 20u) & 0x7ffu) - 1023i;
  let sign = high & 0x80000000u;
  if (exponent > 127i) {
    let empty = (high & 0xfffffu) == 0u || exponent < 1024i;
    return vec2f(bitcast<f32>(sign | select(0x7fc00000u, 0x7f800000u, empty)), 0.0f);
  }
  if (exponent < -126i) { return vec2f(bitcast<f32>(sign), 0.0f); }
  let unit = bitcast<f32>(sign | (u32(exponent + 127i) << 23u));
  let digits = (high << 3u) | (low >> 29u);
  let rest = i32(low & 0x1fffffffu);
  let up = rest >> 28u;
  let first = f32(((digits & 0x7fffffu) | 0x800000u) + u32(up)) * 1.1920928955078125e-07f;
${joined("whole", keep("first * unit"), keep("f32(rest - (up << 29u)) * 2.220446049250313e-16f * unit"))}
  return vec2f(whole, whole_low);
}`,
    // The angle of a large one within a turn, with an absolute error of about 2^-46: Payne and Hanek's reduction of either part, with all of its digits.
    `fn pair_turns(a: vec2f) -> vec2f {
  var quadrant = 0i;
  var quarters = vec2f();
  var angle = vec2f();
  for (var part = 0u; part < 2u; part++) {
    let x = select(a.x, a.y, part == 1u);
    let size = abs(x);
    if (size < 1.0f) {
      angle = vec2f(x, 0.0f);
    } else {
      let turned = turn_digits(size);
      let upper = f32(turned.rest.x >> 8u);
      let middle = f32(((turned.rest.x & 0xffu) << 16u) | (turned.rest.y >> 16u));
      let lower = f32(turned.rest.y & 0xffffu);
${joined("high", keep("upper * 2.384185791015625e-07f"), keep("middle * 1.4210854715202004e-14f"))}
${joined("turn", "high", guard(`high_low + ${keep("lower * 2.168404344971009e-19f")}`))}
      quarters = pair_add(quarters, select(vec2f(turn, turn_low), -vec2f(turn, turn_low), turned.negative != (x < 0.0f)));
      quadrant += select(turned.quadrant, -turned.quadrant, x < 0.0f);
    }
  }
  let turns = pair_add(quarters, pair_of_int(quadrant & 3));
  return pair_add(pair_mul(turns, vec2f(1.5707963705062866f, -4.371138828673793e-08f)), angle);
}`,
  ]);
}

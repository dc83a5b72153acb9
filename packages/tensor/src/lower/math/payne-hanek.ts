import type { Emitter, Value } from "../emitter";
import { floats, powerOfTwo } from "./floats";
import { twoProduct, twoSum } from "./double-length";

/** 2/π in digits of 24 bits: as many as the largest double needs. */
const twoOverPi: readonly number[] = [
  0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1, 0xf534dd, 0xc0db62, 0x95993c, 0x439041, 0xfe5163, 0xabdebb, 0xc561b7,
  0x246e3a, 0x424dd2, 0xe00649, 0x2eea09, 0xd1921c, 0xfe1deb, 0x1cb129, 0xa73ee8, 0x8235f5, 0x2ebb44, 0x84e99c,
  0x7026b4, 0x5f7e41, 0x3991d6, 0x398353, 0x39f49c, 0x845f8b, 0xbdf928, 0x3b1ff8, 0x97ffde, 0x05980f, 0xef2f11,
  0x8b5a0a, 0x6d1f6d, 0x367ecf, 0x27cb09, 0xb74f46, 0x3f669e, 0x5fea2d, 0x7527ba, 0xc7ebe5, 0xf17b3d, 0x0739f7,
  0x8a5292, 0xea6bfb, 0x5fb11f, 0x8d5d08, 0x560330, 0x46fc7b, 0x6babf0, 0xcfbc20,
];
const digit = 2 ** 24;
/** Digits of the product that are computed: 27 bits may be whole turns, and the angle closest to 0 begins 62 bits further down. */
const kept = 7;

/** `count` digits of 0, 0, 2/π from `first` on. No tables in the emitter: the list is shifted by the bits of `first`, the highest bit first. */
function digitsFrom(k: Emitter, first: Value, count: number): Value[] {
  let list = [0, 0, ...twoOverPi].map((d) => k.literal("float64", d));
  for (let bit = 32; bit >= 1; bit /= 2) {
    const set = k.notEqual(k.and(first, k.literal("int32", bit)), k.literal("int32", 0));
    const zero = k.literal("float64", 0);
    list = Array.from({ length: Math.min(list.length, count + bit - 1) }, (_, i) =>
      k.select(set, list[i + bit] ?? zero, list[i]!),
    );
  }
  return list;
}

/**
 * Reduction of a large double x > 0 modulo π/2: Payne and Hanek 1983, doi:10.1145/1057600.1057602. Only those digits of x·2/π are
 * computed that are neither multiples of 4 turns nor below the precision of the result. Not a number for infinite x.
 */
export function reduceLarge(
  k: Emitter,
  x: Value,
): { readonly quadrant: Value; readonly angle: Value; readonly tail: Value } {
  const f = floats(k, "float64");
  const int = (n: number): Value => k.literal("int32", n);
  const { high, low } = k.words(x);
  const bits = k.bitcast(high, "int32");
  // x = (whole[0] + whole[1]/2²⁴ + whole[2]/2⁴⁸)·2^exponent
  const exponent = k.sub(k.shiftRight(bits, int(20)), int(1023 + 23));
  const mantissa = k.or(k.and(bits, int(0xfffff)), int((1023 + 23) << 20));
  const whole: Value[] = [];
  let rest = k.fromWords(k.bitcast(mantissa, "uint32"), low);
  for (let i = 0; i < 3; i++) {
    whole.push(k.floor(rest));
    rest = f.mul(f.sub(rest, whole[i]!), digit);
  }
  // Product digit s has weight 2^(exponent − 24(s + 1)); those before `first` are multiples of 4.
  const first = k.max(k.div(k.sub(exponent, int(2)), int(24)), int(0));
  const digits = digitsFrom(k, first, kept + 2);
  const product = Array.from({ length: kept }, (_, s) =>
    f.add(f.mul(whole[0]!, digits[s + 2]!), f.add(f.mul(whole[1]!, digits[s + 1]!), f.mul(whole[2]!, digits[s]!))),
  );
  for (let s = kept - 1; s > 0; s--) {
    const carry = k.floor(f.mul(product[s]!, 1 / digit));
    product[s] = f.sub(product[s]!, f.mul(carry, digit));
    product[s - 1] = f.add(product[s - 1]!, carry);
  }
  const weight = powerOfTwo(k, "float64", k.sub(exponent, k.mul(int(24), k.add(first, int(1)))));
  const parts = product.map((p, s) => f.mul(p, f.mul(weight, digit ** -s)));
  const top = f.sub(parts[0]!, f.mul(k.floor(f.mul(parts[0]!, 0.25)), 4));
  const quadrant = k.round(f.add(top, parts[1]!));
  // Exact until the leading digits have cancelled as far as they may.
  const [s2, e2] = twoSum(k, f.add(f.sub(top, quadrant), parts[1]!), parts[2]!);
  const [s3, e3] = twoSum(k, s2, parts[3]!);
  const [turn, e4] = twoSum(k, s3, f.add(f.add(e2, e3), parts[4]!));
  const turnTail = f.add(e4, f.add(parts[5]!, parts[6]!));
  const [angle, error] = twoProduct(k, turn, f.value(1.5707963267948966));
  const tail = f.add(error, f.add(f.mul(turn, 6.123233995736766e-17), f.mul(turnTail, 1.5707963267948966)));
  // 0 for finite x, NaN otherwise.
  const poison = f.mul(x, 0);
  return { quadrant: k.cast(quadrant, "int32"), angle: f.add(angle, poison), tail };
}

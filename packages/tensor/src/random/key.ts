import { checkOptions } from "../arguments";
import { kindOf } from "../arguments";
import { composite, type One, type Two } from "../composite";
import { isInteger } from "../dtype";
import { DTypeError, ShapeError } from "../errors";
import * as o from "../functions";
import { positions } from "../primitives/positions";
import { randomBits } from "../primitives/random-bits";
import { threefry, type ThreefryWord } from "../primitives/threefry";
import { bind } from "../run";
import { checkShape, printShape, type Shape } from "../shape";
import { defaultTarget } from "../targets/default";
import type { Target } from "../targets/target";
import { Tensor } from "../tensor";

/**
 * A key of the generator, uint32 `[2]`: the seed's high word, then its low word. Keys are values; the same key gives the same numbers, so
 * derive one for each use with {@link split} or {@link foldIn}.
 * @param seed an integer from 0 to 2^53, or an integer tensor `[]`
 */
export function key(seed: number | Tensor, options: { readonly target?: Target } = {}): Tensor {
  checkOptions("random.key", options, ["target"]);
  if (typeof seed === "number") {
    return upload(words("random.key", seed), options.target ?? defaultTarget());
  }
  const low = asWord("random.key", seed);
  return o.stack([zeroLike(low), low]);
}

/**
 * `n` new keys, uint32 `[n, 2]`, independent of each other and of `key`.
 * @defaultValue n = 2
 */
export function split(key: Tensor, n = 2): Tensor {
  checkKey("random.split", key);
  checkShape("random.split", [n]);
  return splitOf([key], n);
}

const splitOf = composite("random.split", ([key]: One, n: number) => {
  const [high, low] = [generate(key, [n], "high"), generate(key, [n], "low")];
  return o.stack([high, low], 1);
});

/** A new key, uint32 `[2]`, from a key and an integer such as a step's number (0 to 2^53, or an integer tensor `[]`). */
export function foldIn(key: Tensor, i: number | Tensor): Tensor {
  checkKey("random.foldIn", key);
  if (typeof i === "number") return foldInOf([key, upload(words("random.foldIn", i), key.target)], true);
  return foldInOf([key, asWord("random.foldIn", i)], false);
}

/** With an integer as two words, or as the lower of them. */
const foldInOf = composite("random.foldIn", ([key, i]: Two, both: boolean) => {
  const [k0, k1] = halves(key);
  const counter = both ? halves(i) : [zeroLike(i), i];
  return o.stack((["high", "low"] as const).map((word) => bind(threefry, [k0, k1, ...counter], { word })[0]!));
});

/** Random bits, uint32 of `shape`. */
export function bits(key: Tensor, shape: Shape): Tensor {
  checkKey("random.bits", key);
  checkShape("random.bits", shape);
  return generate(key, shape, "xor");
}

/** A random word for each element. */
export const generate = (key: Tensor, shape: Shape, word: ThreefryWord): Tensor =>
  bind(randomBits, [key], { shape, word })[0]!;

/** @throws DTypeError, ShapeError unless `key` is uint32 `[2]`. */
export function checkKey(where: string, key: Tensor): void {
  if (!(key instanceof Tensor) || key.dtype !== "uint32")
    throw new DTypeError(
      `${where}: a key is uint32 [2], not ${key instanceof Tensor ? key.dtype : JSON.stringify(key)}; make one with random.key(seed)`,
    );
  if (key.shape.length !== 1 || key.shape[0] !== 2)
    throw new ShapeError(
      `${where}: a key is uint32 [2], not ${printShape(key.shape)}; take one key of several with slice, or map over them with vmap`,
    );
}

const halves = (key: Tensor): [Tensor, Tensor] => [
  o.reshape(o.slice(key, [0], [1]), []),
  o.reshape(o.slice(key, [1], [2]), []),
];

const zeroLike = (x: Tensor): Tensor => bind(positions, [x], { shape: [] })[0]!;

const upload = (values: readonly [number, number], target: Target): Tensor =>
  Tensor.concrete(target.upload(Uint32Array.from(values), "uint32", [2]), { dtype: "uint32", shape: [2] }, target);

function words(where: string, integer: number): [number, number] {
  if (!Number.isSafeInteger(integer) || integer < 0)
    throw new RangeError(`${where}: ${integer} is not a seed; give an integer from 0 to 2^53 - 1`);
  return [Math.floor(integer / 2 ** 32), integer >>> 0];
}

function asWord(where: string, x: Tensor): Tensor {
  if (!(x instanceof Tensor))
    throw new TypeError(
      `${where}: ${kindOf(x)} in place of an integer; give one from 0 to 2^53 - 1, or an integer tensor`,
    );
  if (x.shape.length !== 0 || (!isInteger(x.dtype) && !x.weak))
    throw new DTypeError(
      `${where}: takes an integer scalar, not ${x.dtype}${printShape(x.shape)}; cast or index it first`,
    );
  return o.cast(x, "uint32");
}

import { checkOptions } from "../arguments";
import { composite, type One, type Two } from "../composite";
import { type DType, isFloat } from "../dtype";
import { DTypeError, ShapeError } from "../errors";
import * as o from "../functions";
import { type TensorLike, withinRule } from "../literals";
import { positions } from "../primitives/positions";
import { bind } from "../run";
import { checkShape, normalizeAxis, printShape, sameShape, type Shape } from "../shape";
import { Tensor } from "../tensor";
import { bits, checkKey, split } from "./key";
import { checkFloat, numberBeside, uniform } from "./uniform";

/**
 * True with probability p, bool of `shape`.
 * @param p a number or a tensor that broadcasts to `shape`
 * @param shape @defaultValue the shape of p
 */
export function bernoulli(key: Tensor, p: TensorLike, shape: Shape = typeof p === "object" ? p.shape : []): Tensor {
  const dtype = typeof p === "object" && p.dtype === "float64" && !p.weak ? "float64" : "float32";
  checkFloat("random.uniform", key, shape, dtype);
  return bernoulliOf([key, numberBeside(key, p, dtype, "random.bernoulli")], shape, dtype);
}

const bernoulliOf = composite("random.bernoulli", ([key, p]: Two, shape: Shape, dtype: DType) =>
  o.less(uniform(key, shape, { dtype }), p),
);

/** How indices are drawn. */
export interface CategoricalOptions {
  /** The axis of the logits that runs over the categories. @defaultValue -1 */
  readonly axis?: number;
  /** Shape of the result; it ends in the shape of the logits without `axis`. @defaultValue just that */
  readonly shape?: Shape;
}

/**
 * Indices drawn with probabilities softmax(logits), int32 of `shape`: the largest of the logits plus Gumbel noise.
 * Gumbel 1954; Maddison et al. 2014, "A* sampling".
 */
export function categorical(key: Tensor, logits: Tensor, options: CategoricalOptions = {}): Tensor {
  checkOptions("random.categorical", options, ["axis", "shape"]);
  const { axis = -1, shape } = options;
  checkKey("random.categorical", key);
  if (!isFloat(logits.dtype))
    throw new DTypeError(`random.categorical: logits are float32 or float64, not ${logits.dtype}; cast them first`);
  const rank = logits.shape.length;
  const at = normalizeAxis("random.categorical", axis, rank);
  const batch = logits.shape.filter((_, j) => j !== at);
  const full = checkShape("random.categorical", shape ?? batch);
  const extra = full.length - batch.length;
  if (extra < 0 || !sameShape(full.slice(extra), batch))
    throw new ShapeError(
      `random.categorical: shape ${printShape(full)} does not end in ${printShape(batch)}, the shape of the logits without axis ${axis}`,
    );
  return categoricalOf([key, logits], full.slice(0, extra), at);
}

const categoricalOf = composite("random.categorical", ([key, logits]: Two, rows: Shape, at: number) => {
  const noise = gumbel(key, [...rows, ...logits.shape], logits.dtype);
  return o.argmax(o.add(noise, logits), at + rows.length);
});

/** −log(−log u), u uniform from the smallest normal number of the dtype (0 would give infinity). */
function gumbel(key: Tensor, shape: Shape, dtype: DType): Tensor {
  const min = dtype === "float32" ? 2 ** -126 : 2 ** -1022;
  return withinRule(() => o.neg(o.log(o.neg(o.log(uniform(key, shape, { dtype, min, max: 1 }))))));
}

/**
 * The integers 0 … n − 1 in random order, int32 `[n]`; or a tensor's rows (its items along axis 0) in random order.
 * Sorts by random words, again where words of one sort may collide.
 */
export function permutation(key: Tensor, of: number | Tensor): Tensor {
  checkKey("random.permutation", key);
  const n = of instanceof Tensor ? of.shape[0] : of;
  if (n === undefined)
    throw new ShapeError(`random.permutation: a scalar has no rows; give a number or a tensor with an axis`);
  checkShape("random.permutation", [n]);
  const size = typeof of === "object" && of.shape.length === 1 ? of.size : n;
  return of instanceof Tensor ? shuffled([key, of], n, size) : orderOf([key], n, size);
}

const orderOf = composite("random.permutation", ([key]: One, n: number, size: number) => orderedBy(key, n, size));
const shuffled = composite("random.permutation", ([key, rows]: Two, n: number, size: number) =>
  o.take(rows, orderedBy(key, n, size), 0),
);

function orderedBy(key: Tensor, n: number, size: number): Tensor {
  const rounds = Math.ceil((3 * Math.log(Math.max(1, size))) / Math.log(2 ** 32 - 1));
  let order: Tensor | undefined;
  for (let round = 0; round < rounds; round++) {
    const keys = split(key);
    key = row(keys, 0);
    const sorted = o.argsort(bits(row(keys, 1), [n]));
    order = order ? o.take(order, sorted) : sorted;
  }
  return order ?? o.cast(bind(positions, [key], { shape: [n] })[0]!, "int32");
}

const row = (keys: Tensor, i: number): Tensor => o.reshape(o.slice(keys, [i, 0], [i + 1, 2]), [2]);

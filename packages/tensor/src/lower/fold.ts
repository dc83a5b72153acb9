import { byteSize, type DType } from "../dtype";
import type { Emitter, Value } from "./emitter";

/** An operation that puts numbers together, and the number that changes nothing. */
export interface Fold {
  readonly initial: number;
  readonly combine: (k: Emitter, a: Value, b: Value) => Value;
}

export const adding: Fold = { initial: 0, combine: (k, a, b) => k.add(a, b) };

/** Terms that a fold takes side by side: those of several vectors, so that one addition need not wait for the last. */
export const foldWidth = (dtype: DType): number => (byteSize(dtype) === 8 ? 8 : 16);

/** Terms that are put together one after another at most. */
const chain = 32;

/** Terms of one lane in a block. */
const rounds = 64;

/**
 * Emits the fold of term(0), …, term(length − 1) where the terms lie side by side in memory. The order is the same on every target: up to
 * two strips of {@link foldWidth} terms go one after another; more go in blocks, in which lane j takes every width-th term from j on (of what
 * remains at the end, the last lanes take one each), then neighbouring lanes are put together, and their results, and so on; results of blocks
 * go one after another. So rounding errors grow with log n, and vectors give the bits that scalars give.
 */
export function foldStrips(k: Emitter, dtype: DType, fold: Fold, length: number, term: (i: Value) => Value): Value {
  const width = foldWidth(dtype);
  if (length <= 2 * width) return foldChain(k, dtype, fold, length, term);
  const size = width * rounds;
  const int = (value: number): Value => k.literal("int32", value);
  const { abreast } = k;
  const block: Block =
    abreast && width % abreast.count === 0 ? (...args) => abreast.within(() => blockAbreast(...args)) : blockByLane;
  if (length <= size) return block(k, dtype, fold, int(0), int(length), length % width > 0, term);
  return foldChain(k, dtype, fold, Math.ceil(length / size), (b) => {
    const from = k.mul(b, int(size));
    const count = length % size === 0 ? int(size) : k.min(int(size), k.sub(int(length), from));
    return block(k, dtype, fold, from, count, length % width > 0, term);
  });
}

/**
 * Emits the fold of any terms: one after another in runs of 32, the results of runs alike.
 * @param put puts term(i) to what there is, if there is a shorter way than to make it first
 */
export function foldChain(
  k: Emitter,
  dtype: DType,
  fold: Fold,
  length: number,
  term: (i: Value) => Value,
  put: (sum: Value, i: Value) => Value = (sum, i) => fold.combine(k, sum, term(i)),
): Value {
  const int = (value: number): Value => k.literal("int32", value);
  if (length === 1) return term(int(0));
  const inOrder = (count: Value | number, next: (sum: Value, i: Value) => Value): Value => {
    const result = k.variable(k.literal(dtype, fold.initial));
    k.loop(count, (i) => result.set(next(result.get(), i)));
    return result.get();
  };
  if (length <= chain) return inOrder(length, put);
  return foldChain(k, dtype, fold, Math.ceil(length / chain), (run) => {
    const from = k.mul(run, int(chain));
    const count = length % chain === 0 ? int(chain) : k.min(int(chain), k.sub(int(length), from));
    return inOrder(count, (sum, i) => put(sum, k.add(from, i)));
  });
}

type Block = (
  k: Emitter,
  dtype: DType,
  fold: Fold,
  from: Value,
  count: Value,
  uneven: boolean,
  term: (i: Value) => Value,
) => Value;

/** All lanes at once. */
const blockAbreast: Block = (k, dtype, { initial, combine }, from, count, uneven, term) => {
  const width = foldWidth(dtype);
  const int = (value: number): Value => k.literal("int32", value);
  const { positions, count: together } = k.abreast!;
  const parts = Array.from({ length: width / together }, (_, part) => ({
    start: int(part * together),
    partial: k.variable(k.literal(dtype, initial)),
  }));
  // A loop for each part, as there are several only where one fills the registers.
  for (const { start, partial } of parts)
    k.loop(k.shiftRight(count, int(Math.log2(width))), (round) => {
      const first = k.add(k.add(from, start), k.mul(round, int(width)));
      partial.set(combine(k, partial.get(), term(positions(first))));
    });
  if (uneven) {
    const rest = k.and(count, int(width - 1));
    k.if(k.less(int(0), rest), () => {
      const first = k.sub(k.add(from, count), int(width));
      for (const { start, partial } of parts) {
        const takes = k.lessEqual(k.sub(int(width), rest), positions(start));
        partial.set(k.select(takes, combine(k, partial.get(), term(positions(k.add(first, start)))), partial.get()));
      }
    });
  }
  let results = parts.flatMap(({ partial }) => lanesResults(k, combine, partial.get()));
  while (results.length > 1) results = results.flatMap((a, j) => (j % 2 === 0 ? [combine(k, a, results[j + 1]!)] : []));
  return results[0]!;
};

/** The numbers of all lanes, as far as the lanes have not put them together among themselves. */
function lanesResults(k: Emitter, combine: Fold["combine"], value: Value): Value[] {
  const { count, lane, exchange, halves } = k.abreast!;
  const half = halves?.(value);
  if (half) return lanesResults(half.k, combine, combine(half.k, half.even, half.odd));
  const { reach } = exchange ?? { reach: 1 };
  let own = value;
  // In the first lane of a run the number from across is the right-hand one; what others come to is not used.
  for (let distance = 1; distance < reach; distance *= 2) own = combine(k, own, exchange!.across(own, distance));
  return Array.from({ length: count / reach }, (_, run) => lane(own, run * reach));
}

/** Lane after lane. */
const blockByLane: Block = (k, dtype, { initial, combine }, from, count, uneven, term) => {
  const width = foldWidth(dtype);
  const levels = Math.log2(width);
  const int = (value: number): Value => k.literal("int32", value);
  const start = k.literal(dtype, initial);
  const total = k.variable(start);
  // Level l holds the result of 2^l lanes that waits for that of the next 2^l.
  const waiting = Array.from({ length: levels }, () => k.variable(start));
  k.loop(width, (lane) => {
    const partial = k.variable(start);
    k.loop(k.shiftRight(count, int(levels)), (round) =>
      partial.set(combine(k, partial.get(), term(k.add(k.add(from, lane), k.mul(round, int(width)))))),
    );
    if (uneven) {
      const rest = k.and(count, int(width - 1));
      k.if(k.lessEqual(k.sub(int(width), rest), lane), () => {
        const at = k.add(k.sub(k.add(from, count), int(width)), lane);
        partial.set(combine(k, partial.get(), term(at)));
      });
    }
    const settle = (level: number): void => {
      if (level === levels) total.set(partial.get());
      else
        k.if(
          k.equal(k.and(lane, int(1 << level)), int(0)),
          () => waiting[level]!.set(partial.get()),
          () => {
            partial.set(combine(k, waiting[level]!.get(), partial.get()));
            settle(level + 1);
          },
        );
    };
    settle(0);
  });
  return total.get();
};

import { argsort, sign, stopGradient, take, type Tensor, where, zerosLike } from "@dzdt/tensor";

/**
 * A time, or several: a float, and what it leaves of the number. The rest is a list of one tensor where the longest floats are single, as on GPUs, and of
 * none where they are double. Rests are constants of derivatives, which are those of the floats.
 */
export interface FineTime {
  readonly t: Tensor;
  readonly rest: readonly Tensor[];
}

/** A time that its float holds. */
export const exactly = (t: Tensor): FineTime => ({
  t,
  rest: t.dtype === "float32" ? [stopGradient(zerosLike(t))] : [],
});

/** How long after `b` `a` is, with an error of some roundings of the result, however large both are. */
export function since(a: FineTime, b: FineTime): Tensor {
  const apart = a.t.sub(b.t);
  return a.rest.length === 0 ? apart : apart.add(stopGradient(a.rest[0]!.sub(b.rest[0]!)));
}

/** Do two times agree in all of their digits? */
export const sameTime = (a: FineTime, b: FineTime): Tensor =>
  a.rest.reduce((same, x, k) => same.and(x.equal(b.rest[k]!)), a.t.equal(b.t));

/** A time later by `h`: sums of any number of steps are off by about 2⁻⁴⁸ of the time for each. Knuth 1998, §4.2.2, theorem B. */
export function later({ t, rest }: FineTime, h: Tensor): FineTime {
  const sum = t.add(h);
  if (rest.length === 0) return { t: sum, rest };
  const [a, b, s] = [t, h, sum].map((x) => stopGradient(x)) as [Tensor, Tensor, Tensor];
  const part = s.sub(a);
  const lost = a.sub(s.sub(part)).add(b.sub(part));
  return joined(sum, lost.add(rest[0]!));
}

/** A float and a far smaller one as a time. Dekker 1971, doi:10.1007/BF01397083. */
function joined(t: Tensor, rest: Tensor): FineTime {
  const small = stopGradient(rest);
  const sum = t.add(small);
  return { t: sum, rest: [small.sub(stopGradient(sum).sub(stopGradient(t)))] };
}

/** A time later by `count` steps of `h`: a whole number as a float. */
export function laterBy(from: FineTime, h: Tensor, count: Tensor): FineTime {
  const product = count.mul(h);
  if (from.rest.length === 0) return { t: from.t.add(product), rest: [] };
  const [p, n, x] = [product, count, h].map((y) => stopGradient(y)) as [Tensor, Tensor, Tensor];
  const [n1, n0] = halves(n);
  const [x1, x0] = halves(x);
  const lost = n1.mul(x1).sub(p).add(n1.mul(x0)).add(n0.mul(x1)).add(n0.mul(x0));
  const { t, rest } = later(from, product);
  return joined(t, rest[0]!.add(lost));
}

/** A single float as a sum of two with half of the digits each: Dekker 1971. */
function halves(x: Tensor): [Tensor, Tensor] {
  const scaled = x.mul(4097);
  const high = scaled.sub(scaled.sub(x));
  return [high, x.sub(high)];
}

export const whereTime = (condition: Tensor, a: FineTime, b: FineTime): FineTime => ({
  t: where(condition, a.t, b.t),
  rest: a.rest.map((x, k) => where(condition, x, b.rest[k]!)),
});

/** One of several times, or several, by their places. */
export const timeAmong = ({ t, rest }: FineTime, i: Tensor): FineTime => ({
  t: take(t, i, 0),
  rest: rest.map((x) => take(x, i, 0)),
});

/** Some of several times: those from one place to before another. */
export const timesFrom = ({ t, rest }: FineTime, from: number, to: number): FineTime => ({
  t: t.slice([from], [to]),
  rest: rest.map((x) => x.slice([from], [to])),
});

/**
 * Times in the order in which a solve comes to them, and how to bring what is found there back into the order in which they were given.
 * @param ts the times of the solve, from first to last
 */
export function inOrder(times: FineTime, ts: FineTime): { readonly sorted: FineTime; readonly back: () => Tensor } {
  const [first, last] = [timesFrom(ts, 0, 1), timesFrom(ts, ts.t.size - 1, ts.t.size)];
  const direction = stopGradient(sign(since(last, first)));
  const fine = ts.rest.length > 0 && times.rest.length > 0;
  const order = argsort(stopGradient(fine ? since(times, first) : times.t).mul(direction));
  return { sorted: timeAmong(times, order), back: () => argsort(order) };
}

import { cast, greater, maximum, minimum, onesLike, type Tensor, where } from "@dzdt/tensor";

/**
 * A Brownian motion over an interval of length h: its increment W and, as far as they are kept, h·H and h²·K, where H and K are its space–time
 * and space–time–time Lévy areas,
 * H = 1/h ∫ (W_r − r/h W) dr ~ N(0, h/12) and K = 1/h² ∫ (W_r − r/h W)(h/2 − r) dr ~ N(0, h/720), independent of each other and of W.
 */
export interface Piece {
  /** A scalar. */
  readonly h: Tensor;
  /** W, h·H, h²·K: one to three tensors of one shape. */
  readonly parts: readonly Tensor[];
}

/** Sums of a list, none of which need a common tape. */
const total = (first: Tensor, ...others: readonly Tensor[]): Tensor => others.reduce((sum, x) => sum.add(x), first);

const lengths = (first: Piece, second: Piece): [Tensor, Tensor] => {
  const { dtype } = first.parts[0]!;
  return [cast(first.h, dtype), cast(second.h, dtype)];
};

/** Chen's relation: a piece and the one after it as one. A piece of length 0, all zeros, leaves the other as it is, bit for bit. */
export function join(first: Piece, second: Piece): Piece {
  const [h1, h2] = lengths(first, second);
  const [w1, a1, k1] = first.parts;
  const [w2, a2, k2] = second.parts;
  const parts = [w1!.add(w2!)];
  const across = h2.mul(w1!).sub(h1.mul(w2!));
  if (a1 && a2) parts.push(total(a1, a2, across.mul(0.5)));
  if (a1 && a2 && k1 && k2)
    parts.push(
      total(
        k1,
        k2,
        h2.mul(0.5).mul(a1).sub(h1.mul(0.5).mul(a2)),
        h2
          .sub(h1)
          .mul(1 / 12)
          .mul(across),
      ),
    );
  return { h: first.h.add(second.h), parts };
}

/** What comes after the first part of a piece. */
export function rest(whole: Piece, first: Piece): Piece {
  const left: Piece = { h: whole.h.sub(first.h), parts: first.parts };
  const [h1, h2] = lengths(first, left);
  const [w, a, k] = whole.parts;
  const [w1, a1, k1] = first.parts;
  const w2 = w!.sub(w1!);
  const parts = [w2];
  if (a && a1) {
    const across = h2.mul(w1!).sub(h1.mul(w2));
    const a2 = a.sub(a1).sub(across.mul(0.5));
    parts.push(a2);
    if (k && k1)
      parts.push(
        k
          .sub(k1)
          .sub(h2.mul(0.5).mul(a1))
          .add(h1.mul(0.5).mul(a2))
          .sub(
            h2
              .sub(h1)
              .mul(1 / 12)
              .mul(across),
          ),
      );
  }
  return { h: left.h, parts };
}

/** The same path run backwards where `sign` is −1: W and K change their signs, H does not. */
const turned = ({ h, parts }: Piece, sign: Tensor): Piece => ({
  h,
  parts: parts.map((x, n) => (n === 1 ? x : x.mul(sign))),
});

/** Standard deviations of W, h·H and h²·K over an interval of length h. */
export const deviations = (h: Tensor, count: number): Tensor[] =>
  [h, h.mul(h).mul(h).div(12), h.mul(h).mul(h).mul(h).mul(h).div(720)].slice(0, count).map((x) => x.sqrt());

/**
 * The two halves of a piece, drawn from their law given the piece; `normals` are as many standard normal samples as the piece has parts.
 * Foster 2020 (thesis, Oxford), theorem 6.1.6; Jelinčič, Foster and Kidger 2024, arXiv:2405.06464.
 */
export function halve(piece: Piece, normals: readonly Tensor[]): [Piece, Piece] {
  const [w, a, k] = piece.parts;
  const [z1, z2, z3] = normals;
  const h = cast(piece.h, w!.dtype);
  const root = h.sqrt();
  const half = piece.h.mul(0.5);
  const left: Tensor[] = [];
  const right: Tensor[] = [];
  const push = (even: Tensor, odd: Tensor): void => {
    left.push(even.add(odd));
    right.push(even.sub(odd));
  };
  if (!a) {
    push(w!.mul(0.5), root.mul(0.5).mul(z1!));
  } else {
    const z = root.mul(0.25).mul(z1!);
    push(w!.mul(0.5), a.mul(1.5).div(h).add(z));
    const even = a.mul(0.125).sub(h.mul(0.25).mul(z));
    if (!k) {
      push(
        even,
        h
          .mul(0.25)
          .mul(root)
          .mul(Math.sqrt(1 / 12))
          .mul(z2!),
      );
    } else {
      const x1 = root.mul(Math.sqrt(1 / 768)).mul(z2!);
      const x2 = root.mul(Math.sqrt(1 / 2880)).mul(z3!);
      push(even, k.mul(1.875).div(h).add(h.mul(0.5).mul(x1)));
      const square = h.mul(h);
      push(k.mul(1 / 32).sub(square.mul(0.125).mul(x1)), square.mul(0.25).mul(x2));
    }
  }
  return [
    { h: half, parts: left },
    { h: half, parts: right },
  ];
}

/**
 * A piece divided after length `at`, drawn from the law of the parts given the piece: at 0 and at h one of them is exactly 0 and has no part in
 * `join`. Jelinčič, Foster and Kidger 2024, arXiv:2405.06464, theorem 3.7; Foster 2020 (thesis, Oxford), theorem 6.1.4.
 */
export function divide(piece: Piece, at: Tensor, normals: readonly Tensor[]): [Piece, Piece] {
  const { h } = piece;
  const remaining = h.sub(at);
  // From the nearer end: the law of a long first part would cancel.
  const backwards = greater(at, remaining);
  const sign = where(backwards, -1, onesLike(cast(h, piece.parts[0]!.dtype)));
  const whole = turned(piece, sign);
  const near = maximum(minimum(at, remaining), 0);
  const start: Piece = { h: near, parts: beginning(whole, near, normals) };
  const end = rest(whole, start);
  const [first, second] = [turned(start, sign), turned(end, sign)];
  const choose = (x: Piece, y: Piece): Piece => ({
    h: where(backwards, x.h, y.h),
    parts: x.parts.map((part, n) => where(backwards, part, y.parts[n]!)),
  });
  return [choose(second, first), choose(first, second)];
}

/** W, r·H and r²·K over the first r ≤ h/2 of a piece. */
function beginning({ h: length, parts }: Piece, at: Tensor, normals: readonly Tensor[]): Tensor[] {
  const { dtype } = parts[0]!;
  const h = cast(length, dtype);
  const x = cast(at, dtype).div(h);
  const law = conditionalLaw(x, parts.length);
  // In units of h: W/√h, H/√h and K/√h, of which the parts are multiples.
  const root = h.sqrt();
  const unit = [root, root.mul(h), root.mul(h).mul(h)];
  const given = parts.map((part, n) => part.div(unit[n]!));
  return law.mean.map((row, n) => {
    const terms = [
      ...row.flatMap((weight, m) => (weight ? [weight.mul(given[m]!)] : [])),
      ...law.root[n]!.map((weight, m) => weight.mul(normals[m]!)),
    ];
    const power = [unit[0]!, unit[1]!.mul(x), unit[2]!.mul(x).mul(x)][n]!;
    return total(terms[0]!, ...terms.slice(1)).mul(power);
  });
}

/** The law of (W, H, K) over the first x of an interval of length 1, given those over all of it: normal. */
export interface ConditionalLaw {
  /** Rows of the matrix that takes (W, H, K) to the mean; undefined is 0. */
  readonly mean: readonly (readonly (Tensor | undefined)[])[];
  /** Rows of the lower triangular root of the covariance. */
  readonly root: readonly (readonly Tensor[])[];
}

/** @param count how many of W, H, K are known: the law of W given W alone is another than that given all three */
export function conditionalLaw(x: Tensor, count: number): ConditionalLaw {
  const y = x.mul(-1).add(1);
  const xy = x.mul(y);
  if (count === 1) return { mean: [[x]], root: [[xy.sqrt()]] };
  const [x2, y2] = [x.mul(x), y.mul(y)];
  const x3 = x2.mul(x);
  if (count === 2) {
    const d = x3.add(y2.mul(y)).sqrt();
    const scale = xy.sqrt().div(d.mul(2));
    return {
      mean: [
        [x, xy.mul(6)],
        [undefined, x2],
      ],
      root: [
        [scale.mul(2).mul(x3.add(y2.mul(y)))],
        [
          scale.mul(x2).mul(-1),
          x
            .mul(y2.mul(y))
            .sqrt()
            .mul(Math.sqrt(3) / 6)
            .div(d),
        ],
      ],
    };
  }
  const odd = x.sub(y);
  const ww = xy.mul(odd.mul(odd).mul(odd).mul(odd).add(xy.mul(xy).mul(4)));
  const wh = x3
    .mul(y)
    .mul(x2.sub(xy.mul(3)).add(y2.mul(6)))
    .mul(-0.5);
  const wk = x2.mul(xy).mul(x).mul(odd).div(12);
  const hh = x.div(12).mul(
    x3
      .mul(x2.add(xy.mul(2)).add(y2.mul(16)))
      .mul(-1)
      .add(1),
  );
  const hk = x2.mul(x2).mul(xy).div(-24);
  const kk = x.div(720).mul(x3.mul(x2).mul(-1).add(1));
  const safe = (value: Tensor): Tensor => where(value.greater(0), value, 1);
  const l11 = ww.sqrt();
  const l21 = wh.div(safe(l11));
  const l31 = wk.div(safe(l11));
  const l22 = maximum(hh.sub(l21.mul(l21)), 0).sqrt();
  const l32 = hk.sub(l21.mul(l31)).div(safe(l22));
  const l33 = maximum(kk.sub(l31.mul(l31)).sub(l32.mul(l32)), 0).sqrt();
  return {
    mean: [
      [x, xy.mul(6), xy.mul(x.mul(-1).add(0.5)).mul(120)],
      [undefined, x2, x2.mul(y).mul(30)],
      [undefined, undefined, x3],
    ],
    root: [[l11], [l21, l22], [l31, l32, l33]],
  };
}

/** Draws of a piece's parts, stacked along axis 0 of a tensor. */
export const rows = (stacked: Tensor): Tensor[] =>
  Array.from({ length: stacked.shape[0]! }, (_, n) =>
    stacked
      .slice([n, ...stacked.shape.slice(1).map(() => 0)], [n + 1, ...stacked.shape.slice(1)])
      .reshape(stacked.shape.slice(1)),
  );

import { cast, type DType, random, type Shape, type Tensor, where, whileLoop } from "@dzdt/tensor";
import { deviations, divide, halve, join, type Piece, rest, rows } from "./levy";

/** A Brownian motion on [0, 1] as the numbers of a tree of intervals, each computed from the key when it is asked for. */
export interface BrownianTree {
  /** uint32 `[2]`. */
  readonly key: Tensor;
  readonly shape: Shape;
  readonly dtype: DType;
  /** How many of W, H and K are kept: 1 to 3. */
  readonly count: number;
  /** How often intervals are halved: their length is then 2^(2 − depth). */
  readonly depth: number;
}

/** The root is [−1, 3], so that 0 and 1 are inner nodes like all others. */
const rootStart = -1;
const rootLength = 4;

/** The most halvings: nodes are numbered in 32 bits. */
export const deepest = 30;

/** An interval of the tree and the motion over it. */
type Node = {
  /** 1 for the root, 2n and 2n + 1 for the halves of n: uint32. */
  readonly id: Tensor;
  readonly start: Tensor;
  readonly parts: readonly Tensor[];
};

/** Where a search has got to. `beyond` is the motion between what is asked for and the node. */
type Cursor = {
  readonly node: Node;
  readonly beyond: { readonly h: Tensor; readonly parts: readonly Tensor[] };
};

type Shared = {
  readonly level: Tensor;
  readonly h: Tensor;
  readonly node: Node;
};

type Descent = {
  readonly level: Tensor;
  readonly h: Tensor;
  readonly from: Cursor;
  readonly to: Cursor;
};

/**
 * The motion from s to t, 0 ≤ s ≤ t ≤ 1, as its parts over that interval. Both ends are searched for together down to the smallest interval that
 * holds them, whose halves are then searched one by one; the pieces between are joined, so that nothing cancels however short the interval is.
 * The search stops early at times that are nodes.
 */
export function incrementOf(tree: BrownianTree, s: Tensor, t: Tensor): Piece {
  const { depth } = tree;
  const root: Node = {
    id: cast(numberLike(s, 1), "uint32"),
    start: numberLike(s, rootStart),
    parts: rootParts(tree, s),
  };
  const level = cast(numberLike(s, 0), "int32");
  const sides = (node: Node, h: Tensor): [Tensor, Tensor] => {
    const middle = node.start.add(h.mul(0.5));
    return [s.greater(middle), t.greaterEqual(middle)];
  };

  const shared = whileLoop<Shared>(
    ({ level: at, h, node }: Shared) => {
      const [a, b] = sides(node, h);
      return at.less(depth).and(a.xor(b).not());
    },
    ({ level: at, h, node }) => {
      const [left, right] = halves(tree, node, h);
      return { level: at.add(1), h: h.mul(0.5), node: chosen(sides(node, h)[1], right, left) };
    },
    { level, h: numberLike(s, rootLength), node: root },
    { maxSteps: depth },
  );

  const parted = shared.level.less(depth);
  const none = (node: Node): Cursor => ({
    node,
    beyond: { h: numberLike(s, 0), parts: node.parts.map((x) => x.mul(0)) },
  });
  const [left, right] = halves(tree, shared.node, shared.h);
  const found = whileLoop<Descent>(
    ({ level: at, h, from, to }: Descent) => {
      const settled = from.node.start.add(h).equal(s).and(to.node.start.equal(t));
      return at.less(depth).and(settled.not());
    },
    ({ level: at, h, from, to }) => ({
      level: at.add(1),
      h: h.mul(0.5),
      from: down(from, h, sides(from.node, h)[0], "from"),
      to: down(to, h, sides(to.node, h)[1], "to"),
    }),
    {
      level: where(parted, shared.level.add(1), shared.level),
      h: where(parted, shared.h.mul(0.5), shared.h),
      from: none(chosen(parted, left, shared.node)),
      to: none(chosen(parted, right, shared.node)),
    },
    { maxSteps: depth },
  );

  const { h, from, to } = found;
  const [before, after] = leaf(tree, from.node, h, s);
  const [until] = leaf(tree, to.node, h, t);
  const apart = join(join(after, from.beyond), join(to.beyond, until));
  const within = rest(until, before);
  return {
    h: t.sub(s),
    parts: apart.parts.map((x, n) => where(parted, x, within.parts[n]!)),
  };

  function down(cursor: Cursor, length: Tensor, goesRight: Tensor, side: "from" | "to"): Cursor {
    const [l, r] = halves(tree, cursor.node, length);
    const half = length.mul(0.5);
    const passed =
      side === "from"
        ? join({ h: half, parts: r.parts }, cursor.beyond)
        : join(cursor.beyond, { h: half, parts: l.parts });
    const passes = side === "from" ? goesRight.not() : goesRight;
    return {
      node: chosen(goesRight, r, l),
      beyond: {
        h: where(passes, passed.h, cursor.beyond.h),
        parts: passed.parts.map((x, n) => where(passes, x, cursor.beyond.parts[n]!)),
      },
    };
  }
}

/** A number as a scalar of another's dtype, on its tape. */
const numberLike = (like: Tensor, value: number): Tensor => like.mul(0).add(value);

const chosen = (condition: Tensor, yes: Node, no: Node): Node => ({
  id: where(condition, yes.id, no.id),
  start: where(condition, yes.start, no.start),
  parts: yes.parts.map((x, n) => where(condition, x, no.parts[n]!)),
});

const normals = ({ key, count, shape, dtype }: BrownianTree, id: number | Tensor): Tensor[] =>
  rows(random.normal(random.foldIn(key, id), [count, ...shape], { dtype }));

function rootParts(tree: BrownianTree, like: Tensor): Tensor[] {
  const spread = deviations(cast(numberLike(like, rootLength), tree.dtype), tree.count);
  return normals(tree, 0).map((z, n) => z.mul(spread[n]!));
}

function halves(tree: BrownianTree, { id, start, parts }: Node, h: Tensor): [Node, Node] {
  const [left, right] = halve({ h, parts }, normals(tree, id));
  const twice = id.mul(2);
  return [
    { id: twice, start, parts: left.parts },
    { id: twice.add(1), start: start.add(left.h), parts: right.parts },
  ];
}

/** A node's motion up to a time in it, and after it. */
const leaf = (tree: BrownianTree, { id, start, parts }: Node, h: Tensor, time: Tensor): [Piece, Piece] =>
  divide({ h, parts }, time.sub(start), normals(tree, id));

import { type Aval, sizeOf } from "@dzdt/tensor";
import type { Emitter, KnownKernel, Value } from "@dzdt/tensor/lower";
import type { Memories, Pass, Passes } from "./passes";
import { divided, endOf, flat } from "./positions";
import { sorted } from "./sort";

/** One invocation reads and writes as many elements. */
const fewest = 256;

/** So many updates of a line are looked at by every element of the result. */
const fewUpdates = 8;

/** How positions of x, indices and updates are made up. */
interface Parts {
  /** Sets of indices. */
  readonly lanes: number;
  /** Blocks of rows, of each. */
  readonly outer: number;
  readonly rows: number;
  /** Elements of a row. */
  readonly inner: number;
  /** Indices of a set. */
  readonly count: number;
  /** The row that index n of a set means. */
  readonly row: (k: Emitter, memories: Memories, lane: Value, n: Value) => Value;
}

/** Adding updates, where each element of the result is made by one invocation, which adds its own in order. */
export function scatterPasses(
  [x, indices, updates]: readonly Aval[],
  { axis, batch, row }: KnownKernel & { readonly kind: "scatter" },
): Passes | undefined {
  const size = sizeOf(x!.shape);
  if (size === 0 || size + sizeOf(updates!.shape) < fewest) return undefined;
  const rows = x!.shape[axis]!;
  const count = sizeOf(indices!.shape.slice(batch));
  const parts: Parts = {
    lanes: sizeOf(x!.shape.slice(0, batch)),
    outer: sizeOf(x!.shape.slice(batch, axis)),
    rows,
    inner: sizeOf(x!.shape.slice(axis + 1)),
    count,
    row: (k, { ins }, lane, n) => row(k, ins[1]!.load(flat(k, lane, count, n)), rows),
  };
  if (count <= fewUpdates) return { list: [lookingAtAll(parts, size)], scratch: [] };
  const { lanes } = parts;
  const ints = (...shape: number[]): Aval => ({ dtype: "int32", shape });
  return {
    list: [...byRow(parts), firstOfRows(parts), addingRows(parts, size)],
    scratch: [ints(lanes, count), ints(lanes, count), ints(lanes, rows + 1)],
  };
}

const lookingAtAll = (parts: Parts, size: number): Pass => ({
  count: size,
  run: (k, here, memories) =>
    adding(k, here, memories, parts, (lane, row, add) =>
      k.loop(parts.count, (n) => k.if(k.equal(parts.row(k, memories, lane, n), row), () => add(n))),
    ),
});

/** The updates of each lane in the order of their rows. */
const byRow = ({ lanes, count, row }: Parts): Pass[] =>
  sorted({
    lines: lanes,
    length: count,
    at: (k, lane, n) => flat(k, lane, count, n),
    key: row,
    before: (k, a, b) => k.less(a, b),
    arrays: ({ scratch: [result, other] }) => [result!, other!],
  });

/** How many updates come before those of each row, and of one row more. */
const firstOfRows = ({ lanes, rows, count, row }: Parts): Pass => ({
  count: lanes * (rows + 1),
  run: (k, here, memories) => {
    const [order, , firsts] = memories.scratch;
    const [lane, own] = divided(k, here, rows + 1, lanes);
    const first = endOf(k, k.literal("int32", 0), k.literal("int32", count), (n) =>
      k.less(row(k, memories, lane, order!.load(flat(k, lane, count, n))), own),
    );
    firsts!.store(here, first);
  },
});

const addingRows = (parts: Parts, size: number): Pass => ({
  count: size,
  run: (k, here, memories) =>
    adding(k, here, memories, parts, (lane, row, add) => {
      const [order, , firsts] = memories.scratch;
      const at = flat(k, lane, parts.rows + 1, row);
      const first = firsts!.load(at);
      const end = firsts!.load(k.add(at, k.literal("int32", 1)));
      k.loop(k.sub(end, first), (n) => add(order!.load(flat(k, lane, parts.count, k.add(first, n)))));
    }),
});

/** An element of the result: that of x and the updates that `each` gives. */
function adding(
  k: Emitter,
  here: Value,
  { ins: [x, , updates], out }: Memories,
  { lanes, outer, rows, inner, count }: Parts,
  each: (lane: Value, row: Value, add: (n: Value) => void) => void,
): void {
  const [start, j] = divided(k, here, inner, lanes * outer * rows);
  const [block, row] = divided(k, start, rows, lanes * outer);
  const [lane] = divided(k, block, outer, lanes);
  const sum = k.variable(x!.load(here));
  each(lane, row, (n) => {
    const at = flat(k, flat(k, block, count, n), inner, j);
    sum.set(k.add(sum.get(), updates!.load(at)));
  });
  out.store(here, sum.get());
}

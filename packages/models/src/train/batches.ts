import { asTensor, compile, dynamicSlice, random, type Tensor, tree, type Tree } from "@dzdt/tensor";

/** Which rows a step trains on. Everything it needs besides the data is a pure function of the key and the step. */
export interface Batches {
  /** The program's arguments of step i. */
  at(step: number): Rows;
  /** Inside the program: the batch. */
  pick<B extends Tree>(data: B, rows: Rows): B;
}

/** Row numbers of an epoch in their order, and where the batch begins in it; nothing if all rows are used. */
export type Rows = { readonly order: Tensor; readonly start: Tensor } | Record<string, never>;

const shuffle = /* @__PURE__ */ compile((key: Tensor, epoch: Tensor, count: Tensor) =>
  random.permutation(random.foldIn(key, epoch), count.shape[0]!),
);

/**
 * All rows at every step, or shuffled batches: each epoch has its own order, drawn from key and epoch, and rows that do not fill a last
 * batch wait for the next epoch.
 * @throws Error unless all tensors of the data have as many rows (scalars excepted) and a batch fits
 */
export function batches(data: Tree, batchSize: number | undefined, key: Tensor): Batches {
  if (batchSize === undefined) return { at: () => ({}), pick: (all) => all };
  const rows = rowsOf(data);
  if (!Number.isInteger(batchSize) || batchSize < 1 || batchSize > rows)
    throw new Error(`fit: batchSize is ${batchSize} for ${rows} rows; give an integer from 1 to ${rows}`);
  const perEpoch = Math.floor(rows / batchSize);
  const count = asTensor(0).broadcastTo([rows]);
  let known: { readonly epoch: number; readonly order: Tensor } | undefined;
  return {
    at: (step) => {
      const epoch = Math.floor(step / perEpoch);
      if (known?.epoch !== epoch) known = { epoch, order: shuffle(key, int(epoch), count) };
      return { order: known.order, start: int((step % perEpoch) * batchSize) };
    },
    pick: (all, { order, start }) => {
      const chosen = dynamicSlice(order, start, batchSize);
      return tree.map((x) => (hasRows(x) ? x.take(chosen, 0) : x), all) as typeof all;
    },
  };
}

const int = (value: number): Tensor => asTensor(value).cast("int32");
const hasRows = (x: Tensor | number | boolean): x is Tensor => typeof x === "object" && x.ndim > 0;

function rowsOf(data: Tree): number {
  const { leaves, paths } = tree.flatten(data);
  let first: { readonly rows: number; readonly path: string } | undefined;
  leaves.forEach((x, i) => {
    if (!hasRows(x)) return;
    const here = { rows: x.shape[0]!, path: paths[i]!.replace(/^\./, "") };
    first ??= here;
    if (here.rows !== first.rows)
      throw new Error(
        `fit: data.${here.path} has ${here.rows} rows and data.${first.path} ${first.rows} rows; give as many rows in each, or train on the whole without batchSize`,
      );
  });
  if (!first) throw new Error("fit: data has no tensor with rows; give one, or train on the whole without batchSize");
  return first.rows;
}

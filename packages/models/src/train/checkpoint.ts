import { tensor, type Tensor, tree, type Tree } from "@dzdt/tensor";
import type { OptimizerState } from "../optim";
import { load, save } from "./save";

/** A place for one value. `fileStore(path)` of `@dzdt/models/node` is one. */
export interface CheckpointStore {
  /** The bytes last written, or undefined if there are none. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the value as a whole. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Where training stands after `step` steps. */
export interface Progressed<P extends Tree> {
  readonly params: P;
  readonly state: OptimizerState;
  /** Steps done. */
  readonly step: number;
  /** Losses of these steps. */
  readonly losses: readonly number[];
}

/** What must be the same for a run to go on from a checkpoint. */
export interface RunShape {
  readonly batchSize: number | undefined;
  readonly data: Tree;
  readonly key: Tensor;
}

const format = "dzdt fit 1";

/** The bytes of a checkpoint. */
export async function writeCheckpoint<P extends Tree>(at: Progressed<P>, run: RunShape): Promise<Uint8Array> {
  const { params, state, losses, step } = at;
  return save(
    { params, state, key: run.key, losses: tensor(Float64Array.from(losses)) },
    { metadata: { format, step: String(step), ...(await describe(at, run)) } },
  );
}

/**
 * @param start the state that the run would begin with, to compare with
 * @throws Error if the bytes are no checkpoint, or one of another run, naming what differs
 */
export async function readCheckpoint<P extends Tree>(
  bytes: Uint8Array,
  start: Progressed<P>,
  run: RunShape,
): Promise<Progressed<P>> {
  let found: Readonly<Record<string, string>> = {};
  const content = await load<{ params: P; state: OptimizerState; losses: Tensor }>(bytes, {
    onMetadata: (metadata) => (found = metadata),
  }).catch((error: unknown) => {
    throw new Error(`fit: the checkpoint cannot be read (${String(error)}); start anew with an empty store`, {
      cause: error,
    });
  });
  if (found["format"] !== format)
    throw new Error(`fit: the store holds something else than a checkpoint of fit; give it a store of its own`);
  const wanted = await describe(start, run);
  for (const [what, value] of Object.entries(wanted))
    if (found[what] !== value)
      throw new Error(
        `fit: the checkpoint is of another run: ${what} ${differenceOf(found[what] ?? "none", value)}; repeat the options of that run, or give an empty store`,
      );
  const { params, state, losses } = content;
  return { params, state, step: Number(found["step"]), losses: Array.from(await losses.data()) };
}

async function describe<P extends Tree>(
  { params, state }: Progressed<P>,
  run: RunShape,
): Promise<Record<string, string>> {
  return {
    params: shapesOf(params),
    optimizer: shapesOf(state),
    data: shapesOf(run.data),
    batchSize: String(run.batchSize ?? "all rows"),
    key: (await run.key.data()).join(" "),
  };
}

/** One entry per leaf, such as `layers[0].weight float32[2, 64]`. */
function shapesOf(of: Tree): string {
  const { leaves, paths } = tree.flatten(of);
  return leaves
    .map(
      (x, i) =>
        `${paths[i]!.replace(/^\./, "")} ${typeof x === "object" ? `${x.dtype}[${x.shape.join(", ")}]` : "number"}`,
    )
    .join("; ");
}

/** The first entry that differs, so that the message stays one line. */
function differenceOf(there: string, here: string): string {
  const [theirs, ours] = [there.split("; "), here.split("; ")];
  const at = ours.findIndex((entry, i) => entry !== theirs[i]);
  const k = at < 0 ? ours.length : at;
  return `is ${theirs[k] ?? "nothing"} there and ${ours[k] ?? "nothing"} here`;
}

import { valueAndGrad } from "@dzdt/autograd";
import { compile, random, type Tensor, tree, type Tree } from "@dzdt/tensor";
import type { Optimizer, OptimizerState } from "../optim";
import { type Batches, batches, type Rows } from "./batches";
import { type CheckpointStore, type Progressed, readCheckpoint, type RunShape, writeCheckpoint } from "./checkpoint";

/** What can be trained: starting parameters, and a loss of them and a batch. */
export interface Trainable<P extends Tree, B extends Tree> {
  init(key: Tensor): P;
  /** A scalar. `key` is another one at each step, for losses that draw samples. */
  loss(params: P, batch: B, key: Tensor): Tensor;
}

/** Where training stands. */
export interface FitProgress {
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Of the latest step. */
  readonly loss: number;
  /** Steps per second. */
  readonly rate: number;
  readonly secondsLeft: number;
}

export interface FitOptions<P extends Tree, B extends Tree> {
  /** Gives the starting parameters and the loss; each may be replaced by `params` and `loss`. */
  readonly model?: { readonly init?: (key: Tensor) => P; readonly loss?: Trainable<P, B>["loss"] };
  /** In place of `model.loss`, such as a model's `trajectoryLoss`. */
  readonly loss?: Trainable<P, B>["loss"];
  /** In place of `model.init(key)`. */
  readonly params?: P;
  /** A tree of tensors. With `batchSize` their first axes are rows, and scalars and numbers are passed whole. */
  readonly data: B;
  readonly optimizer: Optimizer;
  /** Steps in all, those of a checkpoint included. */
  readonly steps: number;
  /** Parameters, order of rows and samples of the loss are pure functions of it. */
  readonly key: Tensor;
  /** Rows of a shuffled mini-batch. @defaultValue all rows, in their order */
  readonly batchSize?: number;
  /** If it holds a checkpoint, training goes on from there; written on the way and at the end. */
  readonly checkpoint?: CheckpointStore;
  /** Steps from one checkpoint to the next. @defaultValue 1000 */
  readonly checkpointEvery?: number;
  /** Called a few times per second and after the last step. */
  readonly onProgress?: (progress: FitProgress) => void;
  /** Stops training after the current step; the checkpoint is written. */
  readonly signal?: AbortSignal;
}

export interface FitResult<P extends Tree> {
  readonly params: P;
  readonly state: OptimizerState;
  /** `[step]`, of the parameters before each update */
  readonly losses: Float64Array;
  /** Steps done. */
  readonly step: number;
  /** True if the signal ended training early. */
  readonly stopped: boolean;
}

/** Milliseconds from one look at losses, signal and event loop to the next. */
const interval = 60;

/**
 * Trains: `steps` times one compiled program of loss, gradient and update. The same options give the same numbers, bit for bit, also when
 * training was stopped in between and went on from its checkpoint.
 * @throws Error when the loss or its gradient is no longer finite, naming the step; the checkpoint then holds the last good step
 * @example
 * const { params } = await fit({ model, data: { y, dy }, optimizer: adam({ rate: 1e-3 }), steps: 1000, key: random.key(0) });
 */
export async function fit<P extends Tree, B extends Tree>(options: FitOptions<P, B>): Promise<FitResult<P>> {
  const { steps, data, key, checkpoint, checkpointEvery = 1000, signal } = options;
  checkCount("steps", steps, 0);
  checkCount("checkpointEvery", checkpointEvery, 1);
  const run: RunShape = { batchSize: options.batchSize, data, key };
  const feed = batches(data, options.batchSize, random.foldIn(key, 1));
  const program = programOf(options, feed, random.foldIn(key, 2));
  let good = await startOf(options, run);
  const clock = clockOf(good.step);
  let written = good.step;
  const write = async (): Promise<void> => {
    if (!checkpoint || written === good.step) return;
    await checkpoint.write(await writeCheckpoint(good, run));
    written = good.step;
  };
  const losses = [...good.losses];
  // Each step takes over the memory of its parameters: not of those that were given, nor of those that are kept.
  let { params, state } = copied({ params: good.params, state: good.state });
  let { step } = good;
  let pending: Outcome[] = [];
  /** Everything up to here is known to be finite; what a checkpoint is written of is kept. */
  const settle = async (): Promise<void> => {
    const first = step - pending.length;
    for (const [i, outcome] of pending.entries()) {
      const loss = (await outcome.loss.data())[0]!;
      if (!Number.isFinite(loss) || (await outcome.finite.data())[0] === 0) {
        await write();
        throw diverged(first + i, loss, checkpoint ? written : undefined);
      }
      losses.push(loss);
    }
    pending = [];
    if (checkpoint) good = { ...copied({ params, state }), step, losses };
  };
  while (step < steps && !signal?.aborted) {
    const outcome = program(params, state, data, feed.at(step));
    ({ params, state } = outcome);
    // Not its parameters: those of thousands of steps would be kept until the next look at losses.
    pending.push({ loss: outcome.loss, finite: outcome.finite });
    step++;
    const due = checkpoint !== undefined && step % checkpointEvery === 0;
    if (!due && !clock.passed(interval)) continue;
    await settle();
    if (due) await write();
    options.onProgress?.(clock.progress(step, steps, losses.at(-1)!));
    await nextTask();
  }
  await settle();
  await write();
  if (losses.length > 0) options.onProgress?.(clock.progress(step, steps, losses.at(-1)!));
  return { params, state, losses: Float64Array.from(losses), step, stopped: step < steps };
}

interface Outcome {
  readonly loss: Tensor;
  readonly finite: Tensor;
}

/** One step as one program. */
function programOf<P extends Tree, B extends Tree>(
  options: FitOptions<P, B>,
  feed: Batches,
  key: Tensor,
): (params: P, state: OptimizerState, data: B, rows: Rows) => Outcome & { params: P; state: OptimizerState } {
  const lossOf = options.loss ?? options.model?.loss;
  if (!lossOf) throw new Error("fit: neither loss nor model.loss was given; give one of them");
  const { optimizer } = options;
  const fitStep = (
    params: P,
    state: OptimizerState,
    data: B,
    rows: Rows,
  ): Outcome & { params: P; state: OptimizerState } => {
    const batch = feed.pick(data, rows);
    const sample = random.foldIn(key, state.step);
    const [loss, grads] = valueAndGrad((p: P) => checkLoss(lossOf(p, batch, sample)))(params);
    const [nextParams, nextState] = optimizer.update(grads, state, params);
    const finite = (tree.leaves(grads) as Tensor[]).map((g) => g.isFinite().all()).reduce((a, b) => a.and(b));
    return { params: nextParams, state: nextState, loss, finite };
  };
  return compile(fitStep, { donate: [0, 1] });
}

/** The same numbers in memory of their own. */
const copied = compile(<T extends Tree>(tree: T): T => tree);

async function startOf<P extends Tree, B extends Tree>(
  options: FitOptions<P, B>,
  run: RunShape,
): Promise<Progressed<P>> {
  const params = options.params ?? options.model?.init?.(random.foldIn(options.key, 0));
  if (!params) throw new Error("fit: neither params nor model.init was given; give one of them");
  const start = { params, state: options.optimizer.init(params), step: 0, losses: [] };
  const bytes = await options.checkpoint?.read();
  return bytes ? readCheckpoint(bytes, start, run) : start;
}

function checkLoss(loss: Tensor): Tensor {
  if (loss.ndim !== 0)
    throw new Error(
      `fit: the loss has shape [${loss.shape.join(", ")}]; return a scalar, as in errors.square().mean()`,
    );
  return loss;
}

function checkCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw new Error(`fit: ${name} is ${String(value)}; give an integer of ${least} or more`);
}

function diverged(step: number, loss: number, kept: number | undefined): Error {
  const what = Number.isFinite(loss) ? `the gradient is not finite` : `the loss is ${loss}`;
  const remedy =
    step === 0
      ? "check the data and the starting parameters for NaN and infinity"
      : "lower the learning rate, or clip the gradients with optim.clipByGlobalNorm";
  return new Error(
    `fit: ${what} at step ${step}; ${remedy}${kept === undefined ? "" : ` (the checkpoint holds step ${kept})`}`,
  );
}

interface Clock {
  /** Whether that many milliseconds have passed since it last said so. */
  passed(milliseconds: number): boolean;
  progress(step: number, steps: number, loss: number): FitProgress;
}

function clockOf(firstStep: number): Clock {
  const start = performance.now();
  let last = start;
  return {
    passed: (milliseconds) => {
      const now = performance.now();
      if (now - last < milliseconds) return false;
      last = now;
      return true;
    },
    progress: (step, steps, loss) => {
      const rate = ((step - firstStep) / Math.max(performance.now() - start, 1e-3)) * 1000;
      return { step, steps, loss, rate, secondsLeft: step < steps ? (steps - step) / rate : 0 };
    },
  };
}

/** Lets timers, input and Ctrl-C have their turn: a promise alone would not. */
const nextTask = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

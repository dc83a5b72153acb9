import { compile, tensor, type Tensor, type Tree } from "@dzdt/tensor";
import { adam } from "../../optim";
import { fit, save } from "../../train";
import type { RunContext } from "../experiment";
import type { Learner } from "./learners";
import type { Outcome } from "./outcome";

/** What a model is trained and tested on, and the loss that fits it. */
export interface Examples {
  readonly train: Tree;
  readonly test: Tree;
  readonly loss: (params: Tree, examples: Tree) => Tensor;
  /** Rows of a mini-batch. @defaultValue all rows */
  readonly batch?: number;
}

/** How to train. */
export interface LearnOptions extends Examples {
  readonly key: Tensor;
  readonly steps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** What the progress bar and the checkpoint are called. @defaultValue the model's */
  readonly task?: { readonly name: string; readonly key: string };
}

/** The error of predicted derivatives. */
export function differenceExamples(learner: Learner, train: Samples, test: Samples): Examples {
  const loss = (params: Tree, batch: Tree): Tensor => learner.model.loss(params, batch as Samples);
  return { train, test, loss };
}

/** States `y` and derivatives `dy`, `[rows, dim]`. */
export type Samples = { readonly y: Tensor; readonly dy: Tensor };

/** The error of states along solved windows. */
export function windowExamples(learner: Learner, train: WindowSamples, test: WindowSamples, batch: number): Examples {
  const loss = (params: Tree, batch: Tree): Tensor => learner.model.trajectoryLoss(params, batch as WindowSamples);
  const rows = train.windows.shape[0] ?? 0;
  return { train, test, loss, ...(batch < rows ? { batch } : {}) };
}

/** States `[windows, length, dim]` at gaps of `dt`. */
export type WindowSamples = { readonly windows: Tensor; readonly dt: number };

/** What training leaves, for states of any size. */
export interface Learned extends Omit<Outcome, "arrow"> {
  readonly params: Tree;
}

/** Trains a model with Adam, with progress, checkpoint and Ctrl-C, and tests it. */
export async function learn(learner: Learner, options: LearnOptions, context: RunContext): Promise<Learned> {
  const { key, steps, learningRate, weightDecay, train, test, loss, batch, task = learner } = options;
  const { model } = learner;
  context.progress.start(task.name, steps);
  const result = await fit({
    model: { init: (k) => model.init(k) },
    loss,
    data: train,
    optimizer: adam({ rate: learningRate, weightDecay }),
    steps,
    key,
    ...(batch === undefined ? {} : { batchSize: batch }),
    checkpoint: context.checkpoint(task.key),
    onProgress: ({ step, loss: value, rate }) => context.progress.update(step, value, rate),
    signal: context.signal,
  });
  context.progress.end();
  const { params, losses } = result;
  const damping = model.damping?.(params);
  const lossOf = compile(loss);
  return {
    name: learner.name,
    ink: learner.ink,
    params,
    trainLoss: await lossOf(params, train).item(),
    testLoss: await lossOf(params, test).item(),
    steps: result.step,
    stopped: result.stopped,
    curve: { x: Float64Array.from(losses, (_, step) => step + 1), y: losses },
    rollout: (from, times) => learner.rollout(params, from, times, { throw: false }),
    ...(learner.size ? { size: learner.size } : {}),
    ...(damping ? { damping: await damping.item() } : {}),
    weights: await save(params),
  };
}

/** A learned model of the plane, with its field at a point. */
export function planar(learner: Learner, learned: Learned): Outcome {
  const at = compile((params: Tree, y: Tensor) => learner.model.derivative(params, y));
  return {
    ...learned,
    arrow: (q, p) => {
      const [dq = NaN, dp = NaN] = at(learned.params, tensor([q, p])).dataSync();
      return [dq, dp];
    },
  };
}

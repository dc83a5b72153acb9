import { linspace, random } from "@dzdt/tensor";
import type { RunContext, RunOptions } from "../experiment";
import { learners } from "./learners";
import { differenceExamples, learn, planar } from "./learn";
import type { Outcome } from "./outcome";
import { flow, simulate, starts } from "./simulate";
import { energyMse } from "./system";
import type { System } from "./system";

/** What a study on simulated data found. */
export interface SimulatedStudy {
  readonly system: System;
  /** The HNN, then the baseline; fewer if training was stopped. */
  readonly models: readonly SimulatedModel[];
  /** Number of rollouts that the energy error averages. */
  readonly starts: number;
  readonly horizon: number;
  /** Times of the rollouts. */
  readonly times: Float64Array;
  /** The true states, `[times, starts, 2]`. */
  readonly truth: Float64Array;
  readonly settings: Readonly<Record<string, number>>;
}

export interface SimulatedModel extends Outcome {
  /** States of the rollouts, `[times, starts, 2]`. */
  readonly paths: Float64Array;
  readonly energyMse: number;
}

/** What differs between the pendulum and the spring. */
export interface SimulatedSetting {
  readonly system: System;
  readonly steps: number;
}

const horizon = 20;
const rollouts = 15;
const weightDecay = 1e-4;

/** Trains HNN and baseline on a simulated system by the published recipe, scaled: width 64 and fewer steps lose nothing here. */
export async function simulatedStudy(
  { system, steps: defaultSteps }: SimulatedSetting,
  options: RunOptions,
  context: RunContext,
): Promise<SimulatedStudy> {
  const { seed, steps = defaultSteps, width = 64, learningRate = 1e-3 } = options;
  const key = random.key(seed);
  const { train, test } = simulate(system, { key: random.foldIn(key, 0) });
  const from = starts(system, random.foldIn(key, 1), rollouts);
  // 15 times per unit of time, as the published evaluation has
  const times = linspace(0, horizon, 15 * horizon, { dtype: "float64" });
  const truth = flow(system, from, times).dataSync() as Float64Array;
  const models: SimulatedModel[] = [];
  for (const learner of [learners.hnn(width), learners.baseline(width)]) {
    if (context.signal.aborted) break;
    const examples = differenceExamples(learner, train, test);
    const learned = await learn(
      learner,
      { ...examples, key: random.foldIn(key, 2), steps, learningRate, weightDecay },
      context,
    );
    if (learned.steps === 0) break;
    const paths = learned.rollout(from, times);
    models.push({ ...planar(learner, learned), paths, energyMse: energyMse(system.energy, paths, truth) });
  }
  return {
    system,
    models,
    starts: rollouts,
    horizon,
    times: times.dataSync() as Float64Array,
    truth,
    settings: { steps, width, "learning rate": learningRate, "weight decay": weightDecay },
  };
}

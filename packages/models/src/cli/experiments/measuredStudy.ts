import { random, tensor } from "@dzdt/tensor";
import type { SeriesTable } from "../../series/readTable";
import { sliceTable } from "../../series/sliceTable";
import { split } from "../../series/split";
import type { RunContext, RunOptions } from "../experiment";
import { differenceExamples, learn, planar, windowExamples } from "./learn";
import type { Examples } from "./learn";
import { learners } from "./learners";
import type { Learner } from "./learners";
import { pairs } from "./outcome";
import type { Outcome } from "./outcome";
import { samplesOf, windowBatch, windowRows, windowsOf } from "./seriesExamples";
import { energyMse, measuredEnergy } from "./system";

/** What a model is trained on: derivatives by differences, or windows of readings that are solved through. */
export type Recipe = "forward" | "central" | "solver";

/** What the study on a measured pendulum found. */
export interface MeasuredStudy {
  readonly models: readonly MeasuredModel[];
  /** The times of the test rows. */
  readonly time: Float64Array;
  /** The measured states of the test rows, pairs. */
  readonly measured: Float64Array;
  /** Rows, length and usual gap of the whole record. */
  readonly rows: number;
  readonly duration: number;
  readonly gap: number;
  /** Whether this is the record that the published figures are from. */
  readonly published: boolean;
  readonly stopped: boolean;
  readonly settings: Readonly<Record<string, string | number>>;
}

export interface MeasuredModel extends Outcome {
  readonly recipe: Recipe;
  readonly width: number;
  /** States over the test times from the first test row, pairs. */
  readonly path: Float64Array;
  readonly energyMse: number;
}

/** One line of the study. */
export interface MeasuredPlan {
  readonly recipe: Recipe;
  readonly kind: keyof typeof learners;
  readonly width: number;
  readonly steps: number;
}

const published = { recipe: "forward", width: 200, steps: 2000 } as const;
const scaled = { width: 64, steps: 1500 } as const;

/**
 * All that the report shows. Damping on forward differences is not part of the published recipe and needs no width of 200;
 * the second baseline there is the one to compare with that of the solver.
 */
export const measuredPlans: readonly MeasuredPlan[] = [
  { ...published, kind: "hnn" },
  { ...published, kind: "baseline" },
  { ...scaled, recipe: "forward", kind: "damped" },
  { ...scaled, recipe: "forward", kind: "baseline" },
  ...(["central", "solver"] as const).flatMap((recipe) =>
    (["hnn", "baseline", "damped"] as const).map((kind) => ({ ...scaled, recipe, kind })),
  ),
];

const weightDecay = 1e-5;

/**
 * Trains the planned models on the first four fifths of a measured pendulum and rolls them out over the last fifth.
 * @param table state columns: angle, angular velocity
 * @throws Error for another number of columns, and those of the series loaders
 */
export async function measuredStudy(
  table: SeriesTable,
  options: RunOptions & { readonly plans?: readonly MeasuredPlan[] },
  context: RunContext,
): Promise<MeasuredStudy> {
  if (table.names.length !== 2)
    throw new Error(
      `${table.where}: the pendulum has two state columns, an angle and its velocity, not ${table.names.length} (${table.names.join(", ")}); name two with --columns`,
    );
  const { seed, plans = measuredPlans, learningRate = 1e-3 } = options;
  const parts = partsOf(table);
  const models: MeasuredModel[] = [];
  for (const plan of plans) {
    if (context.signal.aborted) break;
    const { steps = plan.steps, width = plan.width } = options;
    const learner = learners[plan.kind](width);
    const task = { name: `${learner.name}, ${plan.recipe}`, key: `${plan.kind}-${plan.recipe}-${plan.width}` };
    const examples = parts.examples[plan.recipe](learner);
    const learned = await learn(
      learner,
      { ...examples, key: random.key(seed), steps, learningRate, weightDecay, task },
      context,
    );
    if (learned.steps === 0) break;
    const path = learned.rollout(parts.from, parts.times);
    models.push({
      ...planar(learner, learned),
      recipe: plan.recipe,
      width,
      path,
      energyMse: energyMse(measuredEnergy, path, parts.measured),
    });
  }
  return {
    models,
    time: parts.time,
    measured: parts.measured,
    rows: table.rows,
    duration: (table.time.at(-1) ?? NaN) - (table.time[0] ?? NaN),
    gap: parts.gap,
    published: table.rows === 556 && table.time[0] === 5,
    stopped: context.signal.aborted,
    settings: {
      "learning rate": learningRate,
      "weight decay": weightDecay,
      windows: `${windowRows} rows, batches of ${windowBatch}`,
    },
  };
}

/** The record cut in two, in the forms that training and testing need. */
function partsOf(table: SeriesTable) {
  // as published: the last row has no forward difference, and is left out before the rows are divided
  const { train, test } = split(table.rows - 1, 4 / 5);
  const learnt = sliceTable(table, train);
  const held = sliceTable(table, test);
  const [angle = "", velocity = ""] = table.names;
  const column = (name: string): Float64Array => held.columns[name] ?? new Float64Array();
  const measured = pairs(column(angle), column(velocity));
  const differences = (scheme: "forward" | "central") => {
    const [learn, test] = [samplesOf(learnt, scheme), samplesOf(held, scheme)];
    return (learner: Learner): Examples => differenceExamples(learner, learn, test);
  };
  const solved = { train: windowsOf(learnt), test: windowsOf(held) };
  const examples: Readonly<Record<Recipe, (learner: Learner) => Examples>> = {
    forward: differences("forward"),
    central: differences("central"),
    solver: (learner) => windowExamples(learner, solved.train, solved.test, windowBatch),
  };
  const start = held.time[0] ?? NaN;
  return {
    examples,
    measured,
    from: tensor([[measured[0] ?? NaN, measured[1] ?? NaN]], { dtype: "float64" }),
    time: held.time,
    times: tensor(held.time.map((t) => t - start)),
    gap: solved.train.dt,
  };
}

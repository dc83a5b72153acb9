import { tensor, type Tensor } from "@dzdt/tensor";
import { derivatives } from "../../series/derivatives";
import type { SeriesTable } from "../../series/readTable";
import { windows } from "../../series/windows";
import { differenceExamples, windowExamples } from "./learn";
import type { Examples, Samples, WindowSamples } from "./learn";
import type { Learner } from "./learners";

/** States and derivatives by differences, float32. @throws those of `derivatives` */
export function samplesOf(table: SeriesTable, scheme: "forward" | "central" | "parabola"): Samples {
  const { count, dim, states, derivatives: slopes } = derivatives(table, { scheme });
  return { y: rows(states, [count, dim]), dy: rows(slopes, [count, dim]) };
}

/** Rows of a training window: a start and the six readings that follow. */
export const windowRows = 7;
/** Windows per step: on the measured pendulum all 379 at once are three times slower and no better. */
export const windowBatch = 128;

/** Windows of consecutive rows, float32. @throws those of `windows` */
export function windowsOf(table: SeriesTable): WindowSamples {
  const { count, dim, states, gap } = windows(table, { length: windowRows });
  return { windows: rows(states, [count, windowRows, dim]), dt: gap };
}

/** What a series allows, and in which words to say so. */
export interface ChosenExamples {
  readonly examples: Examples;
  readonly through: "solver" | "differences";
  readonly because: string;
}

/**
 * Windows that are solved through if most rows stand at equal gaps, since that needs no estimate of a derivative;
 * else slopes of parabolas through neighbouring rows, which take any gaps.
 */
export function chooseExamples(learner: Learner, train: SeriesTable, test: SeriesTable): ChosenExamples {
  const [learn, check] = [attempt(() => windowsOf(train)), attempt(() => windowsOf(test))];
  const found = learn?.windows.shape[0] ?? 0;
  if (learn && check && found >= train.rows / 2)
    return {
      through: "solver",
      because: `most gaps are equal: trained through the solver, on ${found} windows of ${windowRows} rows`,
      examples: windowExamples(learner, learn, check, windowBatch),
    };
  return {
    through: "differences",
    because:
      "too few rows follow each other at equal gaps: trained on slopes of parabolas through three neighbouring rows",
    examples: differenceExamples(learner, samplesOf(train, "parabola"), samplesOf(test, "parabola")),
  };
}

function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

const rows = (values: Float64Array, shape: readonly number[]): Tensor =>
  tensor(Float32Array.from(values)).reshape(shape);

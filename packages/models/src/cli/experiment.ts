import type { FileStore } from "../node/fileStore";
import type { Report, ReportTable } from "../report/report";
import type { SeriesTable } from "../series/readTable";
import type { Progress } from "./progress";
import type { RunRecord } from "./runRecord";

/**
 * What the command line can run: the seam between it and the models. The list itself is in `experiments/index.ts`.
 */
export interface Experiments {
  /** What `dzdt demo` (and `npm start`) runs. */
  readonly demo?: Demo;
  /** What `dzdt train <name>` runs. */
  readonly models: readonly Experiment[];
  /** The targets of this machine, for `dzdt info`. */
  readonly targets?: () => Promise<readonly TargetStatus[]>;
}

/** A demonstration that needs no data, and may take some. */
export interface Demo {
  /** Names the run folder, such as "pendulum". */
  readonly name: string;
  readonly describe: string;
  /** Without `options.data` it simulates its own. */
  run(
    options: RunOptions & { readonly data?: SeriesTable; readonly system?: DemoSystem },
    context: RunContext,
  ): Promise<RunResult>;
}

/** What a demonstration can simulate. */
export const demoSystems = ["pendulum", "spring"] as const;
export type DemoSystem = (typeof demoSystems)[number];

/** A model that can be trained on anybody's table of states over time. */
export interface Experiment {
  /** As typed after `dzdt train`, such as "hnn". */
  readonly name: string;
  /** One line for `dzdt experiments`. */
  readonly describe: string;
  /** Trains on `options.data`. Throws an Error in the grammar `where: what was wrong; what to do` for data it cannot use. */
  run(options: RunOptions & { readonly data: SeriesTable }, context: RunContext): Promise<RunResult>;
  /** States at `times`, starting from `from` at `times[0]`: `[times.length, from.length]`, row by row. */
  forecast(
    run: SavedRun,
    request: { readonly from: Float64Array; readonly times: Float64Array },
  ): Promise<Float64Array>;
  /** How well the run predicts `data`. */
  evaluate(run: SavedRun, data: SeriesTable): Promise<ReportTable>;
}

/** Options of the command line; those left out take the experiment's own default. */
export interface RunOptions {
  readonly seed: number;
  readonly steps?: number;
  readonly width?: number;
  readonly learningRate?: number;
  /** Whether the model may learn a linear damping. */
  readonly damping?: boolean;
}

/** What a run is given to work with. */
export interface RunContext {
  readonly progress: Progress;
  /**
   * Aborted by Ctrl-C: stop after the current step and return what there is, with `stopped: true`.
   * Node delivers Ctrl-C between tasks only, so training must yield to the event loop a few times per second.
   */
  readonly signal: AbortSignal;
  /**
   * Where the training of that name keeps its checkpoint: a file in the run folder, until the run is finished.
   * With `--resume` it holds at first what the earlier run left.
   */
  readonly checkpoint: (name: string) => FileStore;
}

/** What a run leaves behind. */
export interface RunResult {
  /** `run` (command, seed, versions, wall time) is filled in by the command line. */
  readonly report: Omit<Report, "run"> & { readonly settings?: Readonly<Record<string, string | number>> };
  /** The trained parameters as safetensors. */
  readonly weights: Uint8Array;
  /** Which of `models` can forecast with the weights; left out if none can. */
  readonly model?: string;
  /** What is needed, besides the weights, to build the model again: sizes and options. JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the state columns, in order. */
  readonly columns: readonly string[];
  /** Final numbers for programs, such as `{ testLoss: 0.0358 }`. */
  readonly metrics: Readonly<Record<string, number>>;
  /** A forecast to try: a state like those of the data, and a time. Needed with `model`. */
  readonly example?: { readonly from: ArrayLike<number>; readonly until: number };
  /** True if the signal ended training early. */
  readonly stopped: boolean;
}

/** A run read back from its folder. */
export interface SavedRun {
  readonly folder: string;
  readonly record: RunRecord;
  readonly weights: Uint8Array;
}

export interface TargetStatus {
  readonly name: string;
  readonly available: boolean;
  /** Such as the name of the device, or why there is none. */
  readonly detail?: string;
}

import { basename } from "node:path";
import { random } from "@dzdt/tensor";
import type { Figure, Line } from "../../report/report";
import { sampleField, sampleLevels } from "../../report/sample";
import type { SeriesTable } from "../../series/readTable";
import { sliceTable } from "../../series/sliceTable";
import { split } from "../../series/split";
import type { Experiment, RunResult } from "../experiment";
import { learn } from "./learn";
import type { Learned } from "./learn";
import { hamiltonian } from "./learners";
import { rolloutTable, rowOf } from "./rolloutErrors";
import { forecasting, readHnn } from "./savedHnn";
import type { ForecastingHnn, SavedHnn } from "./savedHnn";
import { scaled, scalingOf } from "./scaling";
import { chooseExamples } from "./seriesExamples";
import type { ChosenExamples } from "./seriesExamples";

/** Fewer rows leave nothing to test on. */
const minimumRows = 20;
const weightDecay = 1e-5;

/** `dzdt train hnn`: an HNN on anybody's states over time, coordinates first and as many momenta (or velocities) after them. */
export const hnnExperiment: Experiment = {
  name: "hnn",
  describe: "a Hamiltonian network on your data: learns an energy and conserves it (--damping: loses some)",

  run: async ({ data, ...options }, context) => {
    const { seed, steps = 1500, width = 64, learningRate = 1e-3, damping = false } = options;
    const size = { dim: dimOf(data), width, damping };
    const learner = hamiltonian(size);
    const scaling = scalingOf(data);
    const { train, test } = split(data.rows, 4 / 5);
    const held = sliceTable(data, test);
    const chosen = chooseExamples(learner, scaled(sliceTable(data, train), scaling), scaled(held, scaling));
    const key = random.key(seed);
    const learned = await learn(learner, { ...chosen.examples, key, steps, learningRate, weightDecay }, context);
    if (learned.steps === 0) throw new Error("stopped before the first step; there is nothing to save");
    const model = forecasting(size, learned.params, scaling);
    const config: SavedHnn = { ...size, scaling };
    const friction = learned.damping === undefined ? undefined : learned.damping / scaling.time;
    const settings = { steps: learned.steps, width, "learning rate": learningRate, trained: chosen.through };
    return {
      report: { ...reportOf({ data, held, model, learned, chosen, friction }), settings },
      weights: learned.weights,
      model: "hnn",
      config: { ...config },
      columns: data.names,
      example: { from: rowOf(held, 0), until: ((data.time.at(-1) ?? NaN) - (data.time[0] ?? NaN)) / 10 },
      metrics: {
        trainLoss: learned.trainLoss,
        testLoss: learned.testLoss,
        ...(friction === undefined ? {} : { damping: friction }),
      },
      stopped: learned.stopped,
    };
  },

  forecast: async (run, { from, times }) => (await readHnn(run)).forecast(from, times),

  evaluate: async (run, data) => {
    const model = await readHnn(run);
    return rolloutTable(data, (from, times) => model.forecast(from, times));
  },
};

function dimOf({ names, rows, where }: SeriesTable): number {
  if (names.length % 2 !== 0)
    throw new Error(
      `${where}: an HNN has as many momenta as coordinates, and --columns names ${names.length} (${names.join(", ")}); name the coordinates, then a momentum or velocity for each, such as q,p`,
    );
  if (rows < minimumRows) throw new Error(`${where}: has ${rows} rows; training needs ${minimumRows} or more`);
  return names.length / 2;
}

interface Findings {
  readonly data: SeriesTable;
  /** The last fifth of it. */
  readonly held: SeriesTable;
  readonly model: ForecastingHnn;
  readonly learned: Learned;
  readonly chosen: ChosenExamples;
  /** Per unit of time of the file. */
  readonly friction: number | undefined;
}

function reportOf({ data, held, model, learned, chosen, friction }: Findings): RunResult["report"] {
  const unit = chosen.through === "solver" ? "error in the states" : "error in the derivatives";
  return {
    eyebrow: `Hamiltonian neural network · ${basename(data.where)}`,
    title: learned.stopped ? "Training was stopped early" : `An energy for ${data.names.join(", ")}`,
    summary: [
      `${capital(chosen.because)}. The first four fifths of the ${data.rows} rows were learned; forecasts start in the last fifth and never look back at the data.`,
      friction === undefined
        ? "The model conserves its energy. If your system loses some, train with --damping."
        : `The model may lose energy by a force −D·p; it found D = ${friction.toPrecision(3)} per unit of ${data.timeName}.`,
    ].join("\n\n"),
    tables: [
      {
        title: "Training",
        columns: [
          { label: "" },
          { label: "train loss", note: 1 },
          { label: "test loss", note: 1 },
          { label: "damping D" },
        ],
        rows: [[learned.name, learned.trainLoss, learned.testLoss, friction ?? null]],
        notes: [`Mean square ${unit}, each column in units of its spread: 1 is as bad as knowing nothing.`],
      },
      rolloutTable(held, (from, times) => model.forecast(from, times)),
    ],
    figures: figuresOf({ data, held, model, learned, chosen, friction }),
  };
}

function figuresOf({ data, held, model, learned }: Findings): Figure[] {
  const [trial] = held.trials;
  const end = Math.min(trial?.end ?? 0, 400);
  const times = held.time.slice(0, end);
  const path = model.forecast(rowOf(held, 0), times);
  const columnOf = (k: number): Float64Array =>
    Float64Array.from(times, (_, i) => path[i * data.names.length + k] ?? NaN);
  const loss: Figure = {
    kind: "lossCurve",
    title: "Training loss",
    ...(model.size.dim === 1 ? { width: "half" as const } : {}),
    lines: [{ name: learned.name, ink: learned.ink, ...learned.curve }],
  };
  return [
    {
      kind: "timeSeries",
      title: "Forecast of the first held-out trial, from its first row",
      time: { label: data.timeName },
      panels: data.names.map((name, k) => ({
        axis: { label: name },
        lines: [
          { name: "data", ink: "truth", x: times, y: (held.columns[name] ?? new Float64Array()).slice(0, end) },
          { name: learned.name, ink: learned.ink, x: times, y: columnOf(k) } satisfies Line,
        ],
      })),
    },
    ...(model.size.dim === 1 ? [portrait({ data, model, learned, path: [columnOf(0), columnOf(1)] })] : []),
    loss,
  ];
}

function portrait(shown: {
  readonly data: SeriesTable;
  readonly model: ForecastingHnn;
  readonly learned: Learned;
  readonly path: readonly [Float64Array, Float64Array];
}): Figure {
  const { data, model, learned, path } = shown;
  const [q = "", p = ""] = data.names;
  const [x, y] = [q, p].map((name) => data.columns[name] ?? new Float64Array()) as [Float64Array, Float64Array];
  const box = { x: rangeOf(x), y: rangeOf(y) };
  return {
    kind: "phasePortrait",
    title: "In the plane",
    width: "half",
    caption: "Level lines are those of the learned energy.",
    x: { label: q, domain: box.x },
    y: { label: p, domain: box.y },
    field: sampleField(model.derivative, { name: "learned field", ink: learned.ink, ...box, columns: 14 }),
    levels: sampleLevels(model.energy, { name: "levels of the learned energy", ...box, resolution: 48 }),
    trajectories: [
      { name: "data", ink: "truth", x, y, mark: "dots" },
      { name: learned.name, ink: learned.ink, x: path[0], y: path[1] },
    ],
  };
}

function rangeOf(values: Float64Array): [number, number] {
  const min = values.reduce((a, b) => Math.min(a, b), Infinity);
  const max = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = 0.08 * (max - min || 1);
  return [min - room, max + room];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

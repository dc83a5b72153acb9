import type { Figure, Line, ReportTable } from "../../report/report";
import { sampleField, sampleLevels } from "../../report/sample";
import type { RunResult } from "../experiment";
import type { MeasuredModel, MeasuredStudy, Recipe } from "./measuredStudy";
import { energies, measuredEnergy } from "./system";

/** What the page and the terminal show of the study on a measured pendulum. */
export function measuredReport(study: MeasuredStudy): RunResult["report"] {
  const solver = find(study, "solver", "HNN + damping");
  const late = find(study, "forward", "HNN + damping");
  const best = solver && {
    value: solver.energyMse,
    label: "energy error of the HNN with damping, trained through the solver",
  };
  return {
    eyebrow: "Hamiltonian neural network · measured pendulum",
    title: study.stopped
      ? "Training was stopped before all models had a turn"
      : "Data comes at times, so train through the solve",
    summary: [
      `A real pendulum was recorded for ${seconds(study.duration)}; ${study.rows} readings of angle and angular velocity are ${gapText(study.gap)} apart, with a few longer gaps. Three models learned from the first four fifths, and then ran freely through the last fifth from its first reading.`,
      "The energy error is the mean of (H(model) − H(measured))² with H = 2.4(1 − cos θ) + ω². The pendulum loses a little energy to friction, so a model that keeps its energy exactly must be a little wrong.",
    ].join("\n\n"),
    highlights: [
      ...(best ? [best] : []),
      ...(solver?.damping !== undefined
        ? [{ value: solver.damping, label: "friction it found, per second (through the solver)" }]
        : []),
      ...(late?.damping !== undefined
        ? [{ value: late.damping, label: "false friction found from forward differences, per second" }]
        : []),
    ],
    tables: [energyTable(study), detailTable(study)],
    figures: energyFigures(study),
    sections: [falseDamping(study), pictures(study)],
    settings: study.settings,
  };
}

const recipeNames: Readonly<Record<Recipe, string>> = {
  forward: "forward differences",
  central: "central differences",
  solver: "through the solver",
};

/** Published for forward differences, width 200 and 2,000 steps. */
const published: Readonly<Record<string, number>> = { HNN: 1.45e-2, baseline: 3.86e-1 };

const publishedNote =
  "Greydanus et al. 2019, from these readings and with this recipe. Most of the gap between the two is the false friction of forward differences, see below: it is no advantage of the HNN on real data.";

/** Energy error by model and by what it was trained on. */
export function energyTable(study: MeasuredStudy): ReportTable {
  const names = [...new Set(study.models.map(({ name }) => name))];
  return {
    title: "Energy error (MSE) on the last fifth of the measurement",
    columns: [
      { label: "" },
      ...(study.published ? [{ label: "published", group: "forward differences", note: 1 }] : []),
      { label: "this run", group: "forward differences" },
      { label: "central differences" },
      { label: "through the solver" },
    ],
    rows: names.map((name) => [
      name,
      ...(study.published ? [published[name] ?? null] : []),
      find(study, "forward", name)?.energyMse ?? null,
      find(study, "central", name)?.energyMse ?? null,
      find(study, "solver", name)?.energyMse ?? null,
    ]),
    ...(study.published ? { notes: [publishedNote] } : {}),
  };
}

function detailTable(study: MeasuredStudy): ReportTable {
  return {
    title: "All models",
    columns: [
      { label: "" },
      { label: "width" },
      { label: "steps" },
      { label: "train loss", note: 1 },
      { label: "test loss", note: 1 },
      { label: "energy MSE" },
      { label: "last energy", note: 2 },
      { label: "friction D" },
    ],
    rows: study.models.map((model) => [
      `${recipeNames[model.recipe]}, ${model.name}`,
      model.width,
      model.steps,
      model.trainLoss,
      model.testLoss,
      model.energyMse,
      energies(measuredEnergy, model.path).at(-1) ?? null,
      model.damping ?? null,
    ]),
    notes: [
      "Mean square of the error in the derivatives (differences) or in the states (solver): compare within one kind of training only.",
      `At the end of the record; measured ${lastEnergy(study).toFixed(2)}.`,
    ],
  };
}

function lastEnergy(study: MeasuredStudy): number {
  return energies(measuredEnergy, study.measured).at(-1) ?? NaN;
}

function energyFigures(study: MeasuredStudy): Figure[] {
  const panel = (recipe: Recipe): Figure => ({
    kind: "timeSeries",
    title: `Energy, trained ${recipe === "solver" ? "through the solver" : `on ${recipeNames[recipe]}`}`,
    width: "half",
    time: { label: "time", unit: "s" },
    panels: [
      {
        axis: { label: "energy H", unit: "rad²/s²", domain: energyRange(study) },
        lines: [
          measuredLine(study),
          ...study.models
            .filter((model) => model === find(study, recipe, model.name))
            .map((model) => energyLine(study, model)),
        ],
      },
    ],
  });
  return [panel("forward"), panel("solver")];
}

const measuredLine = (study: MeasuredStudy): Line => ({
  name: "measured",
  ink: "truth",
  x: study.time,
  y: energies(measuredEnergy, study.measured),
});

const energyLine = (study: MeasuredStudy, model: MeasuredModel, name = model.name): Line => ({
  name,
  ink: model.ink,
  x: study.time,
  y: energies(measuredEnergy, model.path),
});

/** Of small swings under the energy 2.4(1 − cos θ) + ω². */
const smallFrequency = Math.sqrt(1.2);

const energyRange = (study: MeasuredStudy): readonly [number, number] => [
  0,
  1.25 * energies(measuredEnergy, study.measured).reduce((a, b) => Math.max(a, b), 0),
];

function falseDamping(study: MeasuredStudy): NonNullable<RunResult["report"]["sections"]>[number] {
  const solver = find(study, "solver", "baseline");
  // the last one: of the size that the solver's has
  const forward = study.models.findLast(({ recipe, name }) => recipe === "forward" && name === "baseline");
  const found = find(study, "solver", "HNN + damping")?.damping;
  const friction = found === undefined ? "" : `, where training through the solver finds ${found.toPrecision(2)}`;
  const lines: Line[] = [
    measuredLine(study),
    ...(forward ? [energyLine(study, forward, "baseline, forward differences")] : []),
    ...(solver
      ? [{ ...energyLine(study, solver, "baseline, through the solver"), ink: "variant" as const, dashed: false }]
      : []),
  ];
  return {
    title: "The friction that is not there",
    summary:
      `A forward difference (x(t + h) − x(t))/h is the velocity half a gap after t, and to an oscillation of angular frequency ω₀ a velocity from half a gap ahead looks like a friction −D·ω with D ≈ ω₀²h, here about ${(smallFrequency ** 2 * study.gap).toFixed(1)} per second${friction}. ` +
      "A baseline learns it and spirals in, an HNN cannot and so seems to win; central differences are even in time, and training through the solver compares states with states and takes no difference at all, so there the false friction is gone.",
    tables: [],
    figures: [
      {
        kind: "timeSeries",
        title: "One network, one data set, two ways to train",
        caption:
          "The same network loses its energy in seconds if it is trained on forward differences, and follows the measurement if it is trained through the solver.",
        time: { label: "time", unit: "s" },
        panels: [{ axis: { label: "energy H", unit: "rad²/s²", domain: energyRange(study) }, lines }],
      },
    ],
  };
}

function pictures(study: MeasuredStudy): NonNullable<RunResult["report"]["sections"]>[number] {
  const models = study.models.filter(({ recipe }) => recipe === "solver");
  const column = (path: ArrayLike<number>, k: number): Float64Array =>
    Float64Array.from({ length: path.length / 2 }, (_, i) => path[2 * i + k] ?? NaN);
  const lines = (k: number): Line[] => [
    { name: "measured", ink: "truth", x: study.time, y: column(study.measured, k) },
    ...models.map((model): Line => ({ name: model.name, ink: model.ink, x: study.time, y: column(model.path, k) })),
  ];
  const shown = models.find(({ name }) => name === "HNN + damping");
  const edge = 1.35 * study.measured.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const box = { x: [-edge, edge], y: [-edge, edge] } as const;
  return {
    title: "Trained through the solver",
    summary:
      "Each training window starts at a reading, is solved for six gaps, and is compared with the six readings that follow. What follows was never trained on.",
    tables: [],
    figures: [
      {
        kind: "timeSeries",
        title: "Angle and angular velocity on the last fifth",
        time: { label: "time", unit: "s" },
        panels: [
          { axis: { label: "θ", unit: "rad" }, lines: lines(0) },
          { axis: { label: "ω", unit: "rad/s" }, lines: lines(1) },
        ],
      },
      {
        kind: "phasePortrait",
        title: "In the plane",
        width: "half",
        x: { label: "θ", unit: "rad", domain: box.x },
        y: { label: "ω", unit: "rad/s", domain: box.y },
        ...(shown
          ? {
              field: sampleField(shown.arrow, {
                name: `field of the ${shown.name}`,
                ink: shown.ink,
                ...box,
                columns: 14,
              }),
            }
          : {}),
        levels: sampleLevels(measuredEnergy, { name: "levels of H", ...box }),
        trajectories: [
          { name: "measured", ink: "truth", x: column(study.measured, 0), y: column(study.measured, 1), mark: "dots" },
          ...(shown ? [{ name: shown.name, ink: shown.ink, x: column(shown.path, 0), y: column(shown.path, 1) }] : []),
        ],
      },
      {
        kind: "lossCurve",
        title: "Training loss",
        width: "half",
        label: "loss (states)",
        lines: models.map((model) => ({ name: model.name, ink: model.ink, ...model.curve })),
      },
    ],
  };
}

const find = (study: MeasuredStudy, recipe: Recipe, name: string): MeasuredModel | undefined =>
  study.models.find((model) => model.recipe === recipe && model.name === name);

const seconds = (duration: number): string => `${Math.round(duration)} seconds`;
const gapText = (gap: number): string => `${Number(gap.toPrecision(3))} s`;

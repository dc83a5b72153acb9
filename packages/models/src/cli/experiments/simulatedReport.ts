import { formatNumber } from "../../report/formatNumber";
import type { Figure, Line, ReportTable } from "../../report/report";
import { sampleField, sampleLevels } from "../../report/sample";
import type { RunResult } from "../experiment";
import { trajectory } from "./outcome";
import type { SimulatedStudy } from "./simulatedStudy";

/** What the page and the terminal show of a study on simulated data. */
export function simulatedReport(study: SimulatedStudy): RunResult["report"] {
  const { system, horizon, models } = study;
  const [hnn, baseline] = models;
  const trained = system.times().dataSync().at(-1) ?? NaN;
  const ratio = hnn && baseline ? baseline.energyMse / hnn.energyMse : NaN;
  return {
    eyebrow: `Hamiltonian neural network · simulated ${system.name}`,
    title: Number.isFinite(ratio)
      ? `In this run the network that learns the energy keeps it ${compared(ratio)}`
      : "Training was stopped before both networks had a turn",
    summary: [
      `Two networks of one size saw the same noisy snapshots of a ${system.name}. The baseline predicts the velocity of the state directly. The Hamiltonian network (HNN) learns one number, the energy H, and takes the velocity from its slope: dq/dt = ∂H/∂p, dp/dt = −∂H/∂q.`,
      `Both then run freely from ${study.starts} new starts for ${horizon} time units; the longest training trajectory lasts ${trained}. The energy error is the mean of (H(model) − H(truth))² under the true H = ${system.formula}.`,
    ].join("\n\n"),
    highlights: [
      ...(Number.isFinite(ratio)
        ? [{ value: `${roundRatio(ratio)}×`, label: "the baseline's energy error by that of the HNN, with this seed" }]
        : []),
      ...models.map((model) => ({ value: model.energyMse, label: `energy error of the ${model.name}` })),
      ...(hnn ? [{ value: hnn.testLoss, label: "test loss of the HNN, as good as the noise allows" }] : []),
    ],
    tables: [simulatedTable(study)],
    figures: figures(study),
    settings: study.settings,
  };
}

/** Losses and energy error beside what was published, with the caveat that belongs to it. */
export function simulatedTable({ system, models, horizon, starts }: SimulatedStudy): ReportTable {
  const published = reference[system.name];
  const rows = models.map(({ name, trainLoss, testLoss, energyMse }) => {
    const known = published?.rows[name];
    return [
      name,
      trainLoss,
      testLoss,
      { value: energyMse, emphasis: name === "HNN" },
      ...(published
        ? [known?.train ?? null, known?.test ?? null, known?.energy ?? null, known?.reproduced ?? null]
        : []),
    ];
  });
  return {
    title: `Simulated ${system.name}: energy error over ${horizon} time units, mean over ${starts} starts`,
    columns: [
      { label: "" },
      { label: "train loss", group: "this run" },
      { label: "test loss", group: "this run" },
      { label: "energy MSE", group: "this run", ...(published ? { note: 1 } : {}) },
      ...(published
        ? [
            { label: "train", group: "published", note: 2 },
            { label: "test", group: "published", note: 2 },
            { label: "energy", group: "published", note: 2 },
            { label: "true H", group: "repeated", note: 3 },
          ]
        : []),
    ],
    rows,
    ...(published ? { notes: published.notes } : {}),
  };
}

interface Reference {
  readonly rows: Readonly<
    Record<
      string,
      { readonly train: number; readonly test: number; readonly energy: number; readonly reproduced: number }
    >
  >;
  readonly notes: readonly string[];
}

const recipe = "Greydanus et al. 2019, width 200, 2,000 steps.";

/** Published figures and their caveats; `repeated` is the published recipe in another program, measured as this run is. */
const reference: Readonly<Record<string, Reference>> = {
  pendulum: {
    rows: {
      HNN: { train: 3.28e-2, test: 3.56e-2, energy: 2.49e-2, reproduced: 9.2e-4 },
      baseline: { train: 3.26e-2, test: 3.53e-2, energy: 4.15e-2, reproduced: 9.1e-2 },
    },
    notes: [
      "The energy MSE depends on the seed: with default options and seeds 0 to 7, 3e-4 to 1.7e-3 for the HNN, 1.7e-2 to 0.84 for the baseline.",
      `${recipe} Its code takes q² + p² for the energy of the pendulum, which no pendulum keeps: do not compare that column with this run.`,
      "The published recipe repeated in PyTorch and measured with the true H, as this run is.",
    ],
  },
  spring: {
    rows: {
      HNN: { train: 3.69e-2, test: 3.59e-2, energy: 3.84e-4, reproduced: 2.7e-4 },
      baseline: { train: 3.71e-2, test: 3.67e-2, energy: 1.71e-1, reproduced: 1.06e-1 },
    },
    notes: [
      "The energy MSE depends on the seed: with default options and seeds 0 to 4, 7e-6 to 1e-4 for the HNN, 8e-4 to 2e-2 for the baseline.",
      `${recipe} Its code stretches the horizon by 9 % with each of its 15 rollouts, from 24 to 79 time units.`,
      "The published recipe repeated in PyTorch with a horizon of 20, as in this run.",
    ],
  },
};

const compared = (ratio: number): string =>
  ratio >= 1 ? `${roundRatio(ratio)}× better` : `${roundRatio(1 / ratio)}× worse`;

/** 98, 110, 1,300: two digits are all that a ratio of two noisy numbers has. */
function roundRatio(ratio: number): string {
  return Number(ratio.toPrecision(2)).toLocaleString("en-US");
}

function figures(study: SimulatedStudy): Figure[] {
  const { system, times, truth, models, starts } = study;
  const shown = models.map((model) => ({ model, path: trajectory(model.paths, starts, 0) }));
  const real = trajectory(truth, starts, 0);
  const over = (values: (path: typeof real) => Float64Array): Line[] => [
    { name: "truth", ink: "truth", x: times, y: values(real) },
    ...shown.map(({ model, path }): Line => ({ name: model.name, ink: model.ink, x: times, y: values(path) })),
  ];
  const energy = ({ q, p }: typeof real): Float64Array =>
    Float64Array.from(q, (value, i) => system.energy(value, p[i] ?? NaN));
  const edge = 1.25 * system.radius[1];
  const box = { x: [-edge, edge], y: [-edge, edge] } as const;
  const first = models[0];
  const time = { label: "time" };
  return [
    {
      kind: "phasePortrait",
      title: "One start, followed in the plane",
      caption: `Arrows are the field that the ${first?.name ?? "model"} learned; grey lines are levels of the true H. The HNN stays on its level, the baseline drifts across levels.`,
      x: { label: "q", domain: box.x },
      y: { label: "p", domain: box.y },
      ...(first
        ? { field: sampleField(first.arrow, { name: `field of the ${first.name}`, ink: first.ink, ...box }) }
        : {}),
      levels: sampleLevels(system.energy, { name: "levels of the true H", ...box }),
      trajectories: [
        { name: "truth", ink: "truth", x: real.q, y: real.p },
        ...shown.map(({ model, path }): Line => ({ name: model.name, ink: model.ink, x: path.q, y: path.p })),
      ],
    },
    {
      kind: "timeSeries",
      title: "Energy over time",
      caption: `The true H along the same three paths. It starts at ${formatNumber(energy(real)[0] ?? NaN)} and should stay there.`,
      time,
      panels: [{ axis: { label: "energy H" }, lines: over(energy) }],
    },
    {
      kind: "timeSeries",
      title: "Coordinates over time",
      caption:
        "Noise in the inputs flattens any field learned from them, so both models run a little slow: the phase shifts even where the energy is kept.",
      time,
      panels: [
        { axis: { label: "q" }, lines: over(({ q }) => q) },
        { axis: { label: "p" }, lines: over(({ p }) => p) },
      ],
    },
    {
      kind: "lossCurve",
      title: "Training loss",
      caption:
        "Noise in the inputs sets the floor. A loss far below it would mean that the test had leaked into the training.",
      lines: models.map((model) => ({ name: model.name, ink: model.ink, ...model.curve })),
      floor: { name: "about what the noise allows", value: 0.036 },
    },
  ];
}

import type { Demo, DemoSystem, RunContext, RunResult } from "../experiment";
import { measuredReport } from "./measuredReport";
import { measuredStudy } from "./measuredStudy";
import type { Outcome } from "./outcome";
import { simulatedReport } from "./simulatedReport";
import { simulatedStudy } from "./simulatedStudy";
import type { SimulatedSetting } from "./simulatedStudy";
import { pendulum, spring } from "./system";

/** The published recipe with width 64 needs no more steps than these. */
export const settings: Readonly<Record<DemoSystem, SimulatedSetting>> = {
  pendulum: { system: pendulum, steps: 1000 },
  spring: { system: spring, steps: 500 },
};

/** What `npm start` runs: an HNN beside a baseline, on a simulated or on a measured pendulum. */
export const pendulumDemo: Demo = {
  name: "pendulum",
  describe: "an HNN and a baseline on a pendulum: simulated, or measured with --data",
  run: async ({ data, system = "pendulum", ...options }, context) => {
    if (data) {
      const study = await measuredStudy(data, options, context);
      const { models } = study;
      return result(context, {
        kept: models.find(({ recipe, name }) => recipe === "solver" && name === "HNN + damping") ?? models[0],
        report: measuredReport(study),
        columns: data.names,
        metrics: models.map((model) => [`energy MSE, ${model.recipe}, ${model.name}`, model.energyMse]),
      });
    }
    const study = await simulatedStudy(settings[system], options, context);
    return result(context, {
      kept: study.models[0],
      report: simulatedReport(study),
      columns: ["q", "p"],
      metrics: study.models.flatMap(({ name, testLoss, energyMse }) => [
        [`test loss, ${name}`, testLoss],
        [`energy MSE, ${name}`, energyMse],
      ]),
    });
  },
};

interface Found {
  /** The model whose weights are kept: an HNN. */
  readonly kept: Outcome | undefined;
  readonly report: RunResult["report"];
  readonly columns: readonly string[];
  readonly metrics: readonly (readonly [name: string, value: number])[];
}

function result({ signal }: RunContext, { kept, report, columns, metrics }: Found): RunResult {
  if (!kept) throw new Error("stopped before the first step; there is nothing to save");
  return {
    report,
    weights: kept.weights,
    ...(kept.size ? { model: "hnn", config: { ...kept.size } } : { config: {} }),
    columns,
    example: { from: [1, 0], until: 20 },
    metrics: Object.fromEntries(metrics),
    stopped: signal.aborted,
  };
}

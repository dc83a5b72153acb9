import { Option } from "commander";
import type { Command } from "commander";
import { integer, numbers, positive } from "../options";
import { readRun } from "../runFolder";
import { modelNamed } from "./command";
import type { Context } from "./command";
import { modelOf } from "./modelOf";

interface ForecastFlags {
  readonly from: Float64Array;
  readonly until: number;
  readonly points: number;
  readonly json?: boolean;
}

/** `dzdt forecast RUN`: what happens next, as CSV or JSON. */
export function addForecast(program: Command, context: Context): void {
  program
    .command("forecast")
    .description("run a trained model forward from a state, starting at time 0")
    .argument("<run>", "folder of a run")
    .requiredOption("--from <numbers>", "starting state, such as 1.2,0", numbers)
    .requiredOption("--until <time>", "last time, in the unit of the training data", positive)
    .option("--points <n>", "number of times, evenly spaced from 0", integer(2), 101)
    .addOption(new Option("--csv", "write CSV (the default)").conflicts("json"))
    .addOption(new Option("--json", "write JSON").conflicts("csv"))
    .action(async (folder: string, { from, until, points, json }: ForecastFlags) => {
      const run = await readRun(folder, context.io.cwd);
      const { columns } = run.record;
      const model = modelNamed(modelOf(run), context.experiments);
      if (from.length !== columns.length)
        throw new Error(
          `--from has ${from.length} ${from.length === 1 ? "number" : "numbers"}, and the state of ${folder} has ${columns.length} (${columns.join(", ")}); give one number for each`,
        );
      const times = Float64Array.from({ length: points }, (_, k) => (until * k) / (points - 1));
      const states = await model.forecast(run, { from, times });
      context.io.stdout.write((json ? asJson : asCsv)(run.record.data?.time ?? "t", columns, times, states));
    });
}

type Format = (time: string, columns: readonly string[], times: Float64Array, states: Float64Array) => string;

const asCsv: Format = (time, columns, times, states) => {
  const rows = Array.from(times, (t, i) =>
    [t, ...states.subarray(i * columns.length, (i + 1) * columns.length)].join(","),
  );
  return `${[time, ...columns].join(",")}\n${rows.join("\n")}\n`;
};

const asJson: Format = (time, columns, times, states) => {
  const column = (k: number): number[] => Array.from(times, (_, i) => states[i * columns.length + k] ?? NaN);
  return `${JSON.stringify({ [time]: [...times], ...Object.fromEntries(columns.map((name, k) => [name, column(k)])) })}\n`;
};

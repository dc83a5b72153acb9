import process from "node:process";
import type { Command } from "commander";
import { formatDuration, formatNumber } from "../../report/formatNumber";
import { reportPath, readRun } from "../runFolder";
import { versions } from "../versions";
import type { Context } from "./command";

/** `dzdt info [RUN]`: versions and targets of this machine, or what a run is. */
export function addInfo(program: Command, context: Context): void {
  program
    .command("info")
    .description("show versions and targets, or what is in a run")
    .argument("[run]", "folder of a run")
    .action(async (folder: string | undefined) => {
      const lines = folder === undefined ? await machine(context) : await describeRun(folder, context);
      const width = Math.max(...lines.map(([name]) => name.length));
      context.io.stdout.write(lines.map(([name, value]) => `${name.padEnd(width)}   ${value}\n`).join(""));
    });
}

type Line = readonly [name: string, value: string];

async function machine({ experiments }: Context): Promise<Line[]> {
  const targets = (await experiments.targets?.()) ?? [];
  return [
    ...Object.entries(versions),
    ["platform", `${process.platform} ${process.arch}`],
    ...targets.map(({ name, available, detail }): Line => [
      `target ${name}`,
      [available ? "available" : "absent", detail].filter(Boolean).join(", "),
    ]),
  ];
}

async function describeRun(folder: string, { io }: Context): Promise<Line[]> {
  const { record } = await readRun(folder, io.cwd);
  return [
    ["experiment", record.experiment + (record.stopped ? ", stopped early" : "")],
    ["command", record.command],
    ["started", record.started],
    ["wall time", formatDuration(record.seconds)],
    ["state", record.columns.join(", ")],
    ["data", record.data?.file ?? "simulated"],
    ...Object.entries(record.metrics).map(([name, value]): Line => [name, formatNumber(value)]),
    ...Object.entries(record.versions).map(([name, version]): Line => [name, version]),
    ["report", reportPath(folder)],
  ];
}

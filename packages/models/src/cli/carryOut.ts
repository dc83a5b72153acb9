import { relative, resolve } from "node:path";
import { renderReport } from "../report/renderReport";
import type { RunMetadata } from "../report/report";
import { textTable } from "../report/textTable";
import type { RunContext, RunResult } from "./experiment";
import { interrupt, interruptedCode } from "./interrupt";
import type { Io } from "./io";
import { progress } from "./progress";
import { createRunFolder, reportPath, resumeFrom } from "./runFolder";
import type { DataSource } from "./runRecord";
import { versions } from "./versions";

/** A run to carry out: its name, how it was asked for, and the work. */
export interface Task {
  readonly name: string;
  /** The arguments after `dzdt`. */
  readonly argv: readonly string[];
  readonly seed: number;
  /** Folder that receives the run's folder. */
  readonly out: string;
  readonly data: DataSource | null;
  /** Folder of a stopped run to go on from. */
  readonly resume?: string | undefined;
  readonly work: (context: RunContext) => Promise<RunResult>;
}

/** Runs a task with progress and Ctrl-C, saves the run folder and prints the result. Gives the exit code. */
export async function carryOut(task: Task, io: Io): Promise<number> {
  const started = io.now();
  const earlier = task.resume === undefined ? undefined : await resumeFrom(task.resume, io.cwd);
  const folder = await createRunFolder(resolve(io.cwd, task.out), task.name, started);
  const bar = progress(io);
  const stop = interrupt(io);
  try {
    const checkpoint: RunContext["checkpoint"] = (name) => {
      const own = folder.checkpoint(name);
      return earlier?.(name, own) ?? own;
    };
    const result = await task.work({ progress: bar, signal: stop.signal, checkpoint }).finally(() => bar.end());
    const run: RunMetadata = {
      command: ["dzdt", ...task.argv.map(quote)].join(" "),
      seed: task.seed,
      versions,
      seconds: (io.now().getTime() - started.getTime()) / 1000,
      started: started.toISOString(),
      ...(result.report.settings ? { settings: result.report.settings } : {}),
    };
    const { command, seed, seconds } = run;
    const { weights, config, columns, metrics, stopped } = result;
    await folder.save({
      report: renderReport({ ...result.report, run }),
      weights,
      record: {
        format: 1,
        experiment: task.name,
        model: result.model ?? null,
        command,
        seed,
        started: started.toISOString(),
        seconds,
        versions,
        columns,
        data: task.data,
        config,
        metrics,
        stopped,
      },
    });
    print(io, result, relative(io.cwd, folder.path) || ".");
    return stopped ? interruptedCode : 0;
  } finally {
    stop.dispose();
    await folder.discardIfEmpty();
  }
}

function print(io: Io, result: RunResult, folder: string): void {
  const sections = [result.report, ...(result.report.sections ?? [])];
  for (const table of sections.flatMap((section) => section.tables)) io.stdout.write(`\n${textTable(table)}`);
  io.stdout.write(`\n${result.stopped ? "stopped early; " : ""}report  ${reportPath(folder)}\n`);
  if (result.stopped) io.stdout.write(`go on   the same command with --resume ${quote(folder)}\n`);
  else if (result.model !== undefined && result.example !== undefined) {
    const round = (value: number): number => Number(value.toPrecision(3));
    const from = Array.from(result.example.from, round).join(",");
    const until = round(result.example.until);
    io.stdout.write(`try     ${programOf(io)} forecast ${quote(folder)} --from=${from} --until ${until}\n`);
  }
}

/** How to call this program again: within the repository it is a script, and silent, so that its output can be piped. */
const programOf = ({ env }: Pick<Io, "env">): string =>
  ["start", "dzdt"].includes(env["npm_lifecycle_event"] ?? "") ? "npm run -s dzdt --" : "dzdt";

const quote = (argument: string): string =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;

import type { Command } from "commander";
import { textTable } from "../../report/textTable";
import { readDataFile } from "../dataFile";
import { names } from "../options";
import { readRun } from "../runFolder";
import { modelNamed } from "./command";
import type { Context } from "./command";
import { modelOf } from "./modelOf";

interface EvaluateFlags {
  readonly data: string;
  readonly columns?: readonly string[];
  readonly time?: string;
  readonly trial?: string;
}

/** `dzdt evaluate RUN`: how well a run predicts other data. */
export function addEvaluate(program: Command, context: Context): void {
  program
    .command("evaluate")
    .description("measure a trained model on a CSV file")
    .argument("<run>", "folder of a run")
    .requiredOption("--data <file>", "CSV with a header")
    .option("--columns <names>", "state columns (default: as trained)", names)
    .option("--time <name>", "time column (default: as trained)")
    .option("--trial <name>", "column that tells trials apart (default: as trained, if there is one)")
    .action(async (folder: string, flags: EvaluateFlags) => {
      const run = await readRun(folder, context.io.cwd);
      const { columns: states, data: trained } = run.record;
      const model = modelNamed(modelOf(run), context.experiments);
      const columns = flags.columns ?? states;
      if (columns.length !== states.length)
        throw new Error(
          `--columns names ${columns.length} (${columns.join(", ")}), and the state of ${folder} has ${states.length} (${states.join(", ")}); name one column for each`,
        );
      const { table } = await readDataFile(
        {
          file: flags.data,
          columns,
          time: flags.time ?? trained?.time ?? "t",
          ...(flags.trial === undefined ? {} : { trial: flags.trial }),
          trialIfPresent: trained?.trial ?? "trial",
        },
        context.io.cwd,
      );
      context.io.stdout.write(textTable(await model.evaluate(run, table)));
    });
}

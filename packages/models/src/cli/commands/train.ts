import type { Command } from "commander";
import { carryOut } from "../carryOut";
import { readDataFile } from "../dataFile";
import { names, outOption, positive, resumeOption, seedOption, stepsOption, widthOption } from "../options";
import { modelNamed } from "./command";
import type { Context } from "./command";

interface TrainFlags {
  readonly data: string;
  readonly columns: readonly string[];
  readonly time: string;
  readonly trial?: string;
  readonly seed: number;
  readonly steps?: number;
  readonly width?: number;
  readonly lr?: number;
  readonly damping?: boolean;
  readonly out: string;
  readonly resume?: string;
}

/** `dzdt train <experiment>`: trains on anybody's file. */
export function addTrain(program: Command, context: Context): void {
  program
    .command("train")
    .description("train a model on a CSV file of states over time")
    .argument("<experiment>", "what to train, see dzdt experiments")
    .requiredOption("--data <file>", "CSV with a header")
    .requiredOption("--columns <names>", "state columns in order, such as q,p", names)
    .requiredOption("--time <name>", "time column")
    .option("--trial <name>", "column that tells trials apart")
    .addOption(stepsOption())
    .addOption(widthOption())
    .addOption(seedOption())
    .option("--lr <rate>", "learning rate", positive)
    .option("--damping", "let the model learn a linear damping")
    .addOption(outOption())
    .addOption(resumeOption())
    .action(async (name: string, flags: TrainFlags) => {
      const { io, argv, experiments } = context;
      const model = modelNamed(name, experiments);
      const { data, columns, time, trial, seed, steps, width, lr, damping, out, resume } = flags;
      const { table, source } = await readDataFile(
        { file: data, columns, time, ...(trial === undefined ? {} : { trial }) },
        io.cwd,
      );
      const options = {
        seed,
        data: table,
        ...(steps === undefined ? {} : { steps }),
        ...(width === undefined ? {} : { width }),
        ...(lr === undefined ? {} : { learningRate: lr }),
        ...(damping === undefined ? {} : { damping }),
      };
      context.finish(
        await carryOut({ name, argv, seed, out, data: source, resume, work: (run) => model.run(options, run) }, io),
      );
    });
}

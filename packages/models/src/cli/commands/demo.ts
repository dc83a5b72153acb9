import { Option } from "commander";
import type { Command } from "commander";
import { carryOut } from "../carryOut";
import { readDataFile } from "../dataFile";
import { demoSystems } from "../experiment";
import type { DemoSystem } from "../experiment";
import { names, outOption, resumeOption, seedOption, stepsOption, widthOption } from "../options";
import type { Context } from "./command";

interface DemoFlags {
  readonly system: DemoSystem;
  readonly data?: string;
  readonly columns: readonly string[];
  readonly time: string;
  readonly trial?: string;
  readonly seed: number;
  readonly steps?: number;
  readonly width?: number;
  readonly out: string;
  readonly resume?: string;
}

/** `dzdt demo`: what `npm start` runs. */
export function addDemo(program: Command, context: Context): void {
  program
    .command("demo")
    .description("train a Hamiltonian network on a pendulum and write a report; needs nothing")
    .addOption(new Option("--system <name>", "what to simulate").choices(demoSystems).default("pendulum"))
    .addOption(
      new Option("--data <file>", "CSV of a measured pendulum, instead of a simulated one").conflicts("system"),
    )
    .option("--columns <names>", "angle and angular velocity in the CSV", names, ["o", "v"])
    .option("--time <name>", "time column in the CSV", "t")
    .option("--trial <name>", "column in the CSV that tells trials apart (default: trial, if there is one)")
    .addOption(seedOption())
    .addOption(stepsOption())
    .addOption(widthOption())
    .addOption(outOption())
    .addOption(resumeOption())
    .action(async (flags: DemoFlags) => {
      const { demo } = context.experiments;
      if (!demo)
        throw new Error("no demonstration is registered in this build; see dzdt experiments for what there is");
      const { io, argv } = context;
      const { system, data, columns, time, trial, seed, steps, width, out, resume } = flags;
      const read =
        data === undefined
          ? undefined
          : await readDataFile(
              { file: data, columns, time, trialIfPresent: "trial", ...(trial === undefined ? {} : { trial }) },
              io.cwd,
            );
      const options = {
        seed,
        system,
        ...(steps === undefined ? {} : { steps }),
        ...(width === undefined ? {} : { width }),
        ...(read ? { data: read.table } : {}),
      };
      const work = (run: Parameters<typeof demo.run>[1]): ReturnType<typeof demo.run> => demo.run(options, run);
      context.finish(
        await carryOut(
          {
            name: system === "pendulum" ? demo.name : system,
            argv,
            seed,
            out,
            data: read?.source ?? null,
            resume,
            work,
          },
          io,
        ),
      );
    });
}

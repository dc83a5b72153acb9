import { Command, CommanderError } from "commander";
import { addDemo } from "./commands/demo";
import { addEvaluate } from "./commands/evaluate";
import { addExperiments } from "./commands/experiments";
import { addForecast } from "./commands/forecast";
import { addInfo } from "./commands/info";
import { addTrain } from "./commands/train";
import type { Context } from "./commands/command";
import { experiments as registered } from "./experiments";
import type { Experiments } from "./experiment";
import { processIo } from "./io";
import type { Io } from "./io";
import { versions } from "./versions";

/** Exit code for arguments that cannot be understood. */
const usageCode = 2;

/**
 * The command line, as a function.
 * @param argv the arguments after `dzdt`
 * @returns the exit code: 0; 1 after an error; 2 for arguments that cannot be understood; 130 after Ctrl-C
 */
export async function run(
  argv: readonly string[],
  io: Io = processIo(),
  experiments: Experiments = registered,
): Promise<number> {
  let code = 0;
  const program = build({ io, experiments, argv, finish: (value) => (code = value) });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageCode;
    const name = program.commands.find((command) => command.name() === argv[0])?.name();
    io.stderr.write(`dzdt${name === undefined ? "" : ` ${name}`}: ${describe(error)}\n`);
    if (io.env["DZDT_DEBUG"] === "1" && error instanceof Error) io.stderr.write(`${error.stack ?? ""}\n`);
    return 1;
  }
}

function build(context: Context): Command {
  const { io } = context;
  const program = new Command("dzdt")
    .description("Continuous-time machine learning: train models of how things change, on data observed at times.")
    .version(versions["@dzdt/models"] ?? "", "-V, --version")
    .showHelpAfterError("see dzdt --help")
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
    })
    .exitOverride();
  for (const add of [addDemo, addTrain, addForecast, addEvaluate, addExperiments, addInfo]) add(program, context);
  return program;
}

/** The first line of a message; a fault of the program rather than of its input says how to see more. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [line = ""] = error.message.split("\n");
  const fault = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return fault ? `internal error: ${line}; set DZDT_DEBUG=1 to see where, and please report it` : line;
}

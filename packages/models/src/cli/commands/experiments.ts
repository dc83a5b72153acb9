import type { Command } from "commander";
import type { Context } from "./command";

/** `dzdt experiments`: what can be run. */
export function addExperiments(program: Command, context: Context): void {
  program
    .command("experiments")
    .description("list what can be run")
    .action(() => {
      const { demo, models } = context.experiments;
      const entries = [
        ...(demo ? [{ command: "dzdt demo", describe: demo.describe }] : []),
        ...models.map((model) => ({ command: `dzdt train ${model.name}`, describe: model.describe })),
      ];
      const width = Math.max(0, ...entries.map(({ command }) => command.length));
      const lines = entries.map(({ command, describe }) => `${command.padEnd(width)}   ${describe}\n`);
      context.io.stdout.write(lines.length > 0 ? lines.join("") : "no experiment is registered in this build\n");
    });
}

import type { Experiment, Experiments } from "../experiment";
import type { Io } from "../io";

/** What every command is given. */
export interface Context {
  readonly io: Io;
  readonly experiments: Experiments;
  /** The arguments after `dzdt`, for the record. */
  readonly argv: readonly string[];
  /** Reports the exit code of a command that succeeded in another way than 0. */
  finish(code: number): void;
}

/** The model of that name. @throws Error naming those there are */
export function modelNamed(name: string, { models }: Experiments): Experiment {
  const model = models.find((candidate) => candidate.name === name);
  if (model) return model;
  const known =
    models.length > 0
      ? `choose from ${models.map((candidate) => candidate.name).join(", ")}`
      : "none is registered in this build";
  throw new Error(`there is no experiment "${name}"; ${known}`);
}

import { InvalidArgumentError, Option } from "commander";

/** An integer of at least `least`; anything else is refused with what was expected. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Give an integer of ${least} or more.`);
    return value;
  };
}

/** A positive finite number. */
export function positive(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError("Give a positive number.");
  return value;
}

/** Names separated by commas. */
export function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (list.some((name) => name === "")) throw new InvalidArgumentError("Give names separated by commas, such as q,p.");
  return list;
}

/** Finite numbers separated by commas. */
export function numbers(text: string): Float64Array {
  const list = text.split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (!list.every(Number.isFinite)) throw new InvalidArgumentError("Give numbers separated by commas, such as 1.2,0.");
  return Float64Array.from(list);
}

export const seedOption = (): Option =>
  new Option("--seed <n>", "seed of all randomness").argParser(integer(0)).default(0);
export const stepsOption = (): Option => new Option("--steps <n>", "training steps").argParser(integer(1));
export const widthOption = (): Option => new Option("--width <n>", "units in a hidden layer").argParser(integer(1));
export const outOption = (): Option =>
  new Option("--out <dir>", "folder that receives the run's folder").default("runs");
export const resumeOption = (): Option =>
  new Option("--resume <run>", "go on from the checkpoints of a stopped run; repeat its other options");

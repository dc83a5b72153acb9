import { UnsupportedError } from "@dzdt/tensor";
import type { Request } from "../solve";
import { timeType } from "../at-hand";

/** A step that was taken. */
export interface StepReport<Y> {
  /** The time at its end. */
  readonly t: number;
  /** Its length, with its sign: `t` less the time before. */
  readonly h: number;
  /** The state at its end, after what events made of it. */
  readonly y: Y;
  /** Attempts at steps up to now: accepted + rejected. */
  readonly steps: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** Options by which the host looks at a solve on its way. */
export interface HostOptions<Y = never> {
  /** Called after each accepted step. What it throws ends the solve. Only where numbers are known at once. */
  onStep?(this: void, step: StepReport<Y>): void;
  /** Called after each rejected attempt, with where it began: `h` is the length of the next. What it throws ends the solve. Only where numbers are known at once. */
  onReject?(this: void, step: StepReport<Y>): void;
  /** Ends the solve before its next step: it throws the signal's reason. Only where numbers are known at once. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the solve ends with `maxStepsReached`. Only where numbers are known at once. */
  readonly timeLimit?: number;
}

export const hostOptions: readonly (keyof HostOptions)[] = ["onStep", "onReject", "signal", "timeLimit"];

/** What the host learns after each iteration of a solve. */
export interface Tick {
  /** A step has been taken since the last tick that said so, and nothing is left to happen in it. */
  readonly stepped: boolean;
  /** An attempt at a step has just been rejected. */
  readonly refused: boolean;
  /** Numbers of now. */
  report(): StepReport<never>;
}

/** Which of the options is given. @throws TypeError, RangeError for values that are none */
export function givenHostOption(where: string, options: HostOptions): keyof HostOptions | undefined {
  const { onStep, onReject, signal, timeLimit } = options;
  for (const [name, called] of Object.entries({ onStep, onReject }))
    if (called !== undefined && typeof called !== "function")
      throw new TypeError(`${where}: ${name} is ${String(called)}; give a function ({ t, h, y }) => void`);
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.throwIfAborted !== "function")
    throw new TypeError(`${where}: signal is no AbortSignal; give that of an AbortController`);
  if (timeLimit !== undefined && !(typeof timeLimit === "number" && timeLimit > 0))
    throw new RangeError(`${where}: timeLimit is ${String(timeLimit)}; give a positive number of milliseconds`);
  return hostOptions.find((name) => options[name] !== undefined);
}

/** Why the host cannot look at a solve on its way; undefined where it can. */
export function whyUnwatched({ independent, target }: Request, traced: boolean): string | undefined {
  if (traced) return "the solve is part of a program; call it outside of compile, grad and vmap";
  if (timeType(target) !== "float64") return `${target.name} is not asked after each step; use a CPU target`;
  if (independent) return `batch is "independent"; solve one trajectory at a time, or use batch "shared"`;
  return undefined;
}

/** @throws UnsupportedError where an option needs the host, and the solve is not its own */
export function checkWatched(where: string, option: keyof HostOptions, why: string | undefined): void {
  if (why)
    throw new UnsupportedError(`${where}: ${option} looks at a solve step by step, but ${why}, or leave ${option} out`);
}

/** Does what the options say after each tick. It returns why the solve is to end, and throws what a signal, `onStep` or `onReject` throws. */
export function watching({
  onStep,
  onReject,
  signal,
  timeLimit = Infinity,
}: HostOptions): (tick?: Tick) => string | undefined {
  const began = performance.now();
  return (tick) => {
    if (tick?.stepped && onStep) onStep(tick.report());
    if (tick?.refused && onReject) onReject(tick.report());
    signal?.throwIfAborted();
    return timeLimit < Infinity && performance.now() - began >= timeLimit
      ? `the time limit of ${timeLimit} ms ran out`
      : undefined;
  };
}

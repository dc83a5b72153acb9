import type { Aval, TypedArray } from "@dzdt/tensor";

/** Where a tensor's numbers are: with the host as long as they came from there and are few, else in a buffer of the device. */
export interface GpuStorage {
  /** As the tensor says; numbers of the host language are float64 there, and float32 on a device without doubles. */
  readonly aval: Aval;
  readonly size: number;
  readonly host: TypedArray | undefined;
  buffer: GPUBuffer | undefined;
  /** How the run that made it went. */
  readonly outcome: Outcome | undefined;
}

/** What is to be known of a run before its results are believed. */
export interface Outcome {
  /** The program's name. */
  readonly where: string;
  /** What a failing program leaves follows the numbers in the buffer. */
  readonly mayFail: boolean;
  /** An error of validation or of memory; undefined when it is known that there is none. */
  trouble: Promise<Error | undefined> | undefined;
}

/** How a run went, that forgets to ask once it is known that nothing was wrong: what uses its results then need not ask either. */
export function outcomeOf(where: string, mayFail: boolean, trouble: Outcome["trouble"]): Outcome {
  const outcome: Outcome = { where, mayFail, trouble };
  void trouble?.then((error) => {
    if (!error) outcome.trouble = undefined;
  });
  return outcome;
}

/** Up to so many bytes numbers of the host stay there and go into each program as they are. */
export const mostKept = 1024;

/** Bytes as buffers count them. */
export const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

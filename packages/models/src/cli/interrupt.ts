import type { Io } from "./io";

/** Exit code of a program that Ctrl-C ended: 128 + SIGINT. */
export const interruptedCode = 130;

/** Listens for Ctrl-C while training runs. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/**
 * The first Ctrl-C asks training to stop after its current step, so that the run is saved whole;
 * the second ends the process at once. Files are written by renaming, so not even that leaves half of one.
 */
export function interrupt(io: Pick<Io, "stderr" | "onInterrupt" | "exit">): Interrupt {
  const controller = new AbortController();
  const dispose = io.onInterrupt(() => {
    if (controller.signal.aborted) {
      dispose();
      io.exit(interruptedCode);
      return;
    }
    io.stderr.write("\nstopping after this step and saving the run; press Ctrl-C again to leave at once\n");
    controller.abort();
  });
  return { signal: controller.signal, dispose };
}

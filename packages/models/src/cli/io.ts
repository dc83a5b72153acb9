import process from "node:process";

/** Somewhere text goes. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Everything that the command line touches outside itself, so that tests can give their own. */
export interface Io {
  readonly stdout: Output;
  /** Messages and progress; results go to `stdout`, so that they can be piped. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths start here. */
  readonly cwd: string;
  now(): Date;
  /** Calls back on every Ctrl-C, until the returned function is called. */
  onInterrupt(callback: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** The real process. */
export function processIo(): Io {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    now: () => new Date(),
    onInterrupt: (callback) => {
      process.on("SIGINT", callback);
      return () => process.off("SIGINT", callback);
    },
    exit: (code) => process.exit(code),
  };
}

/**
 * Where threads meet: int32 words (the ticket: 64 bits) at fixed addresses at the start of a shared memory. Words that change often have
 * cache lines of their own.
 */
export const words = {
  /** Counts forks and messages: workers sleep on it. */
  sequence: 64,
  /** Number of the program that runs, of the job that was forked, and the frame that it works on. */
  program: 68,
  job: 72,
  frame: 76,
  /** How many messages workers have been sent. */
  posted: 80,
  /** Whether the program that runs may fork: every worker has it. */
  open: 84,
  /** Whether a tile has failed in a worker. */
  broken: 88,
  /** Which tile is next: epoch · 2^40 + tiles · 2^20 + next. One addition takes a tile, of whatever job is under way, or finds that there is none. */
  ticket: 128,
  /** How many tiles of the job are done. */
  finished: 192,
  /** Whether the main thread sleeps until more of them are. */
  asleep: 196,
  /** For each worker, how many messages it has dealt with. */
  received: 256,
} as const;

/** Most workers there can be; their words end where frames may begin. */
export const mostWorkers = 63;

import { cpuUsage } from "node:process";
import type { Attempt } from "./case";

/** What one round of repetitions took, milliseconds each. */
export interface Round {
  readonly median: number;
  readonly min: number;
  readonly reps: number;
  /** Time of the processor, all threads, for one repetition. */
  readonly cpu: number;
  /** The median, or the time of the processor if that is less: the rest was waiting for others on this machine. */
  readonly estimate: number;
}

/** Repeats the unit for at least `milliseconds`, and at least once. */
export async function timeRound(attempt: Attempt, milliseconds: number): Promise<Round> {
  const samples: number[] = [];
  const before = cpuUsage();
  const start = performance.now();
  let now = start;
  do {
    const from = now;
    const out = attempt.run();
    const given = out instanceof Promise ? ((await out) as unknown) : out;
    now = performance.now();
    samples.push(attempt.clock === "own" ? (given as number) : now - from);
  } while (now - start < milliseconds);
  const { user, system } = cpuUsage(before);
  const middle = median(samples);
  const cpu = (user + system) / 1000 / samples.length;
  return {
    median: middle,
    min: Math.min(...samples),
    reps: samples.length,
    cpu,
    estimate: attempt.elsewhere || attempt.clock === "own" ? middle : Math.min(middle, cpu),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

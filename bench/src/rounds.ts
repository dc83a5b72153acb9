import type { Case } from "./case";
import type { Lane } from "./lane";
import type { Failed, Prepared } from "./protocol";
import { median, type Round } from "./timing";

/** How long to measure. */
export interface Effort {
  /** Turns of each contender. */
  readonly rounds: number;
  /** Of one turn, at least; a turn is at least one repetition. */
  readonly milliseconds: number;
}

/** What came of one contender in one case. */
export type Outcome =
  | { readonly kind: "notYet"; readonly reason: string }
  | { readonly kind: "failed"; readonly message: string; readonly error?: number }
  | {
      readonly kind: "measured";
      readonly prepared: Prepared;
      /** Median of the rounds' estimates, milliseconds: what it takes on a machine that does nothing else. */
      readonly estimate: number;
      /** Median of the rounds' medians, by the clock on the wall. */
      readonly median: number;
      readonly min: number;
      readonly cpu: number;
      readonly reps: number;
      /** Median over the rounds of its estimate by the first contender's: above 1 it is slower. */
      readonly ratio: number;
      /** The least and the greatest of these. */
      readonly spread: readonly [number, number];
    };

/** A unit so slow that fewer rounds have to do, milliseconds. */
const slow = 700;

/**
 * All contenders of one case: each is checked, then they take turns, so that what else the machine does meets all of them alike. Who fails
 * the check is not timed. Contenders that do not do the case are left out.
 */
export async function compare(
  row: Case,
  lanes: readonly Lane[],
  { rounds, milliseconds }: Effort,
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const ready: { lane: Lane; prepared: Prepared; turns: Round[] }[] = [];
  for (const lane of lanes) {
    const answer = await lane.prepare(row.name);
    if (answer.kind === "absent") continue;
    const failure = failureOf(answer);
    if (failure) outcomes.set(lane.label, failure);
    else ready.push({ lane, prepared: answer as Prepared, turns: [] });
  }
  const slowest = Math.max(0, ...ready.map(({ prepared }) => prepared.secondCall));
  const turns = slowest > slow ? Math.min(3, rounds) : rounds;
  for (const { lane } of ready) await lane.round(milliseconds / 4);
  for (let i = 0; i < turns; i++)
    for (const entry of ready) {
      const answer = await entry.lane.round(milliseconds);
      if (answer.kind === "timed") entry.turns.push(answer.round);
      else outcomes.set(entry.lane.label, answer);
    }
  const first = ready[0]?.turns ?? [];
  for (const { lane, prepared, turns } of ready) {
    if (outcomes.has(lane.label)) continue;
    const ratios = turns.flatMap((turn, i) => (first[i] ? [turn.estimate / first[i].estimate] : []));
    outcomes.set(lane.label, {
      kind: "measured",
      prepared,
      estimate: median(turns.map((turn) => turn.estimate)),
      median: median(turns.map((turn) => turn.median)),
      min: Math.min(...turns.map((turn) => turn.min)),
      cpu: median(turns.map((turn) => turn.cpu)),
      reps: turns.reduce((sum, { reps }) => sum + reps, 0),
      ratio: ratios.length > 0 ? median(ratios) : NaN,
      spread: [Math.min(...ratios), Math.max(...ratios)],
    });
  }
  return outcomes;
}

function failureOf(answer: Prepared | Failed): Outcome | undefined {
  if (answer.kind === "failed") return answer;
  const { error, tolerance } = answer.verdict;
  if (error <= tolerance) return undefined;
  return { kind: "failed", message: `error ${error.toExponential(2)}, allowed ${tolerance}`, error };
}

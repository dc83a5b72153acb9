import { defaultTarget } from "@dzdt/tensor";
import type { Case } from "./case";
import { ownNames } from "./contenders";
import type { Outcome } from "./rounds";

/** How dzdt runs; in all of its lines. */
export interface Setting {
  readonly target: string;
  readonly threads: number;
  /** Fused multiply-adds, which are relaxed SIMD. */
  readonly fma: boolean;
  /** Of the GPU. */
  readonly adapter?: string;
}

/** The default target, which has one thread and keeps to the SIMD that all engines have. */
export const currentSetting = (): Setting => ({ target: defaultTarget().name, threads: 1, fma: false });

/** On a GPU. */
export const gpuSetting = (adapter: string): Setting => ({ target: "webgpu", threads: 1, fma: false, adapter });

/** One result as a line of JSON. */
export function line(row: Case, contender: string, outcome: Outcome, setting: Setting): string {
  const isOwn = Object.values<string>(ownNames).includes(contender);
  const head = {
    peer: contender,
    workload: row.workload ?? row.name,
    dtype: (outcome.kind === "measured" && outcome.prepared.dtype) || row.dtype,
    n: row.n,
  };
  const tail = isOwn ? setting : {};
  if (outcome.kind === "notYet") return JSON.stringify({ ...head, note: `not yet: ${outcome.reason}`, ...tail });
  if (outcome.kind === "failed")
    return JSON.stringify({
      ...head,
      note: `failed: ${outcome.message}`,
      ...(outcome.error === undefined ? {} : { check_err: outcome.error }),
      ...tail,
      ok: false,
    });
  const { prepared, median, estimate } = outcome;
  return JSON.stringify({
    ...head,
    median_ms: rounded(median),
    min_ms: rounded(outcome.min),
    reps: outcome.reps,
    cpu_ms: rounded(outcome.cpu),
    note: prepared.note,
    ...(isOwn ? {} : { ratio_to_dzdt: rounded(outcome.ratio), ratio_spread: outcome.spread.map(rounded) }),
    first_call_ms: rounded(prepared.firstCall),
    ...(row.operations === undefined ? {} : { gflops: rounded(row.operations / estimate / 1e6) }),
    ...prepared.figures,
    check_err: prepared.verdict.error,
    ...tail,
    ok: true,
  });
}

const rounded = (value: number): number => Number(value.toPrecision(6));

import { defaultTarget } from "@dzdt/tensor";
import type { Case } from "./case";
import { ownNames, threadsOf } from "./contenders";
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

/** A module of one function that adds a product of vectors by `f32x4.relaxed_madd`. */
const fusedModule = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 8, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfd, 0x85, 2, 0x0b],
]);

/** The default target: one thread, and in products fused multiply-adds where the engine has them. */
export const currentSetting = (): Setting => ({
  target: defaultTarget().name,
  threads: 1,
  // eslint-disable-next-line no-restricted-globals -- the line describes the engine, and no program depends on it
  fma: WebAssembly.validate(fusedModule),
});

/** On a GPU. */
export const gpuSetting = (adapter: string): Setting => ({ target: "webgpu", threads: 1, fma: false, adapter });

/** One result as a line of JSON. */
export function line(row: Case, contender: string, outcome: Outcome, setting: Setting): string {
  const threads = threadsOf(contender);
  const isOwn = threads !== undefined || Object.values<string>(ownNames).includes(contender);
  const head = {
    peer: contender,
    workload: row.workload ?? row.name,
    dtype: (outcome.kind === "measured" && outcome.prepared.dtype) || row.dtype,
    n: row.n,
  };
  const tail = isOwn ? { ...setting, threads: threads ?? setting.threads } : {};
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
    ...(isOwn && threads === undefined
      ? {}
      : { ratio_to_dzdt: rounded(outcome.ratio), ratio_spread: outcome.spread.map(rounded) }),
    first_call_ms: rounded(prepared.firstCall),
    ...(prepared.onDevice === undefined ? {} : { device_ms: rounded(prepared.onDevice) }),
    ...(row.operations === undefined ? {} : { gflops: rounded(row.operations / estimate / 1e6) }),
    ...prepared.figures,
    check_err: prepared.verdict.error,
    ...tail,
    ok: true,
  });
}

const rounded = (value: number): number => Number(value.toPrecision(6));

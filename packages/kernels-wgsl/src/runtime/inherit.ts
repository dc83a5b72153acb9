import type { Kernel } from "../schedule/kernel";
import { mostInherited } from "../schedule/lowered";
import type { GpuStorage, Outcome } from "./storage";

/** Inputs whose runs may have failed, one for each run. */
export function doubtful(inputs: readonly GpuStorage[]): readonly GpuStorage[] {
  const given = inputs.filter(({ outcome, buffer }) => outcome?.mayFail && buffer);
  return [...new Map(given.map((storage) => [storage.outcome, storage])).values()].slice(-mostInherited);
}

/** The first of the troubles that a run and those that its inputs come from may have. */
export function troubleOf(troubles: readonly Outcome["trouble"][]): Outcome["trouble"] {
  const asked = [...new Set(troubles.filter((trouble) => trouble !== undefined))];
  if (asked.length < 2) return asked[0];
  return Promise.all(asked).then((errors) => errors.findLast((error) => error !== undefined));
}

/** A kernel that takes over the first failure among `count`, of `bytes` each from `at` on: what is computed from failed results has failed. */
export const inheritKernel = (at: number, count: number, bytes: number): Kernel => ({
  name: "failures before",
  groups: [1, 1],
  fails: false,
  arrays: [],
  text: `
@group(0) @binding(0) var<storage, read_write> memory: array<u32, ${(at + count * bytes) / 4}>;
@compute @workgroup_size(1)
fn main() {
  for (var at = ${at / 4}u; at < ${(at + count * bytes) / 4}u; at += ${bytes / 4}u) {
    if (memory[1] == 0u) {
      for (var i = 0u; i < ${bytes / 4}u; i++) { memory[1u + i] = memory[at + i]; }
    }
  }
}`,
});

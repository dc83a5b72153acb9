import type { Kernel } from "../schedule/kernel";
import type { GpuStorage, Outcome } from "./storage";

/** The most inputs from different runs whose failures one run takes over. */
const most = 16;

/** Inputs whose runs may have failed, one for each run. */
export function doubtful(inputs: readonly GpuStorage[]): GpuStorage[] {
  const seen = new Map<Outcome, GpuStorage>();
  for (const storage of inputs) if (storage.outcome?.mayFail && storage.buffer) seen.set(storage.outcome, storage);
  return [...seen.values()].slice(-most);
}

/** The first of the troubles that a run and those that its inputs come from may have. */
export function troubleOf(troubles: readonly Outcome["trouble"][]): Outcome["trouble"] {
  const [first, ...others] = new Set(troubles.filter((trouble) => trouble !== undefined));
  if (!first || others.length === 0) return first;
  return Promise.all([first, ...others]).then((errors) => errors.reverse().find((error) => error !== undefined));
}

/** A kernel that takes over the first failure among `count` words from `words` on: what is computed from failed results has failed. */
export const inheritKernel = (words: number, count: number): Kernel => ({
  name: "failures before",
  groups: [1, 1],
  fails: false,
  arrays: [],
  text: `
@group(0) @binding(0) var<storage, read_write> memory: array<u32, ${words / 4 + count}>;
@compute @workgroup_size(1)
fn main() {
  for (var i = 0u; i < ${count}u; i++) {
    if (memory[1] == 0u) { memory[1] = memory[${words / 4}u + i]; }
  }
}`,
});

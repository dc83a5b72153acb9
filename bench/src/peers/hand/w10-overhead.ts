import type { Attempts } from "../../case";
import { count } from "../../workloads/w10-overhead";

/** A new array for every sum, as the libraries have it. */
function sums(): Float32Array {
  const b = new Float32Array(16).fill(0.5);
  let x = new Float32Array(16);
  for (let i = 0; i < count; i++) {
    const next = new Float32Array(16);
    for (let j = 0; j < 16; j++) next[j] = x[j]! + b[j]!;
    x = next;
  }
  return x;
}

export const attempts: Attempts = { "W10.eager": () => ({ run: sums, result: sums }) };

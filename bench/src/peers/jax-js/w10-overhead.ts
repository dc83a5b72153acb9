import { freshProcess } from "../../fresh-process";
import type { Attempt, Attempts, Numbers } from "../../case";
import { count } from "../../workloads/w10-overhead";
import { type Array, jax, np, valuesOf } from "./library";

/** Waits after every 20th addition: long queues of work that nothing waits for take quadratic time. */
function adding(note: string, add: (x: Array, b: Array) => Array): Attempt {
  const b = np.full([16], 0.5);
  const solve = async (): Promise<Numbers> => {
    let x = np.zeros([16]);
    for (let i = 0; i < count; i++) {
      x = add(x, b.ref);
      if (i % 20 === 19) await jax.blockUntilReady(x);
    }
    return valuesOf(x);
  };
  return { note, run: solve, result: solve };
}

// All additions in one jit overflow its stack.
export const attempts: Attempts = {
  "W10.eager": () => adding("awaited every 20", (x, b) => x.add(b)),
  "W10.jit-call": () =>
    adding(
      "awaited every 20",
      jax.jit((x: Array, b: Array) => x.add(b)),
    ),
  "W10.cold": () => freshProcess("jax-js.mjs"),
};

import { inputs } from "../../workloads/w3-reductions";
import type { Attempts } from "../../case";
import { type Array, calling, jax, np, toArray } from "./library";

const row = (f: (x: Array) => Array) => () => {
  const x = toArray(inputs());
  const program = jax.jit(f);
  return calling("jit", () => program(x.ref));
};

export const attempts: Attempts = {
  "W3.sum": row((x) => np.sum(x, 1)),
  "W3.mean": row((x) => np.mean(x, 1)),
  "W3.logsumexp": row((x) => jax.nn.logsumexp(x, 1)),
  "W3.softmax": row((x) => jax.nn.softmax(x, 1)),
};

import { inputs } from "../../workloads/w3-reductions";
import type { Attempts } from "../../case";
import { calling, tf, toTensor } from "./library";

const row = (f: (x: tf.Tensor) => tf.Tensor) => () => {
  const x = toTensor(inputs());
  return calling("eager", () => tf.tidy(() => f(x)));
};

export const attempts: Attempts = {
  "W3.sum": row((x) => tf.sum(x, 1)),
  "W3.mean": row((x) => tf.mean(x, 1)),
  "W3.logsumexp": row((x) => tf.logSumExp(x, 1)),
  "W3.softmax": row((x) => tf.softmax(x, 1)),
};

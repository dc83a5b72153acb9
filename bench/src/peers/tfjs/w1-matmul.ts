import { inputs } from "../../workloads/w1-matmul";
import type { Attempts } from "../../case";
import { calling, tf, toTensor } from "./library";

const product = (n: number) => () => {
  const [a, b] = inputs(n).map(toTensor) as [tf.Tensor, tf.Tensor];
  return calling("tf.matMul", () => tf.matMul(a, b));
};

export const attempts: Attempts = { "W1.128": product(128), "W1.512": product(512), "W1.1024": product(1024) };

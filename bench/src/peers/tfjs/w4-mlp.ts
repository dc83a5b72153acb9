import { inputs } from "../../workloads/w4-mlp";
import type { Attempts } from "../../case";
import { mlp, tf, toTensor, training } from "./library";

const step = (which: "big" | "small") => () => {
  const data = inputs(which);
  const [x, y] = [toTensor(data.x), toTensor(data.y)];
  return training("eager, tf.train.adam", data.params, (p) => tf.mean(tf.square(tf.sub(mlp(p, x), y))));
};

export const attempts: Attempts = { "W4.big": step("big"), "W4.small": step("small") };

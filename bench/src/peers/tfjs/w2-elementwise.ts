import { inputs } from "../../workloads/w2-elementwise";
import type { Attempts } from "../../case";
import { calling, tf, toTensor } from "./library";

const f = (x: tf.Tensor): tf.Tensor =>
  tf.add(tf.mul(tf.tanh(tf.add(tf.mul(x, 1.3), 0.2)), tf.sigmoid(x)), tf.exp(tf.neg(tf.square(x))));

export const attempts: Attempts = {
  "W2.fwd": () => {
    const x = toTensor(inputs());
    return calling("eager", () => tf.tidy(() => f(x)));
  },
  "W2.grad": () => {
    const x = toTensor(inputs());
    const slope = tf.grad((x) => tf.sum(f(x)));
    return calling("eager", () => tf.tidy(() => slope(x)));
  },
};

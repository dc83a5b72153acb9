import { inputs, paths, steps } from "../../workloads/w8-sde";
import type { Attempts } from "../../case";
import { calling, mlp, tf, toTensor, training } from "./library";

function neural() {
  const { y0, dW, drift, diffusion } = inputs();
  const start = toTensor(y0);
  const increments = tf.unstack(toTensor(dW));
  const loss = (p: tf.Tensor[]): tf.Scalar => {
    let y = start;
    for (const dw of increments)
      y = tf.add(tf.add(y, tf.mul(mlp(p.slice(0, 4), y), 0.01)), tf.mul(mlp(p.slice(4), y), dw));
    return tf.mean(tf.square(y));
  };
  return { blocks: [...drift, ...diffusion], loss };
}

export const attempts: Attempts = {
  W8a: () => {
    const dt = 1 / steps;
    return calling("eager, tf.randomNormal", () => {
      let s: tf.Tensor = tf.ones([paths]);
      for (let i = 0; i < steps; i++) {
        const before = s;
        const growth = () => tf.add(tf.mul(tf.randomNormal([paths]), 0.2 * Math.sqrt(dt)), 1 + 0.05 * dt);
        s = tf.tidy(() => tf.mul(before, growth()));
        before.dispose();
      }
      return s;
    });
  },
  "W8b.fwd": () => {
    const { blocks, loss } = neural();
    const params = blocks.map(toTensor);
    return calling("eager", () => tf.tidy(() => loss(params)));
  },
  "W8b.train": () => {
    const { blocks, loss } = neural();
    return training("eager, tf.train.adam", blocks, loss);
  },
};

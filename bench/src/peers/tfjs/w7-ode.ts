import type { Attempts } from "../../case";
import { tf } from "./library";
import { adaptive, classical } from "./solver";

const n = 10_000;

/** States `[3, n]`: x, y and z of all trajectories. */
function ensemble() {
  const rho = tf.linspace(0, 21, n);
  const y0 = tf.stack([tf.ones([n]), tf.zeros([n]), tf.zeros([n])]);
  const field = (state: tf.Tensor): tf.Tensor => {
    const [x, y, z] = tf.unstack(state) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return tf.stack([
      tf.mul(tf.sub(y, x), 10),
      tf.sub(tf.mul(x, tf.sub(rho, z)), y),
      tf.sub(tf.mul(x, y), tf.mul(z, 8 / 3)),
    ]);
  };
  return { y0, field };
}

export const attempts: Attempts = {
  "W7b.rk4": () => {
    const { y0, field } = ensemble();
    const solve = (): Float32Array => {
      let y = y0.clone();
      for (let i = 0; i < 1000; i++) {
        const before = y;
        y = tf.tidy(() => classical(field, before, [0, 1e-3])[1]!);
        before.dispose();
      }
      const values = y.dataSync() as Float32Array;
      y.dispose();
      return values;
    };
    return { note: "eager, rk4 by hand", run: solve, result: solve };
  },
  "W7b.adaptive": () => {
    const { y0, field } = ensemble();
    const solve = (): Float32Array =>
      tf.tidy(() => adaptive(field, y0, [0, 1], 1e-6, 1e-6).ys[1]!.dataSync() as Float32Array);
    return { note: "eager, dopri5 by hand, one step size for all", run: solve, result: solve };
  },
};

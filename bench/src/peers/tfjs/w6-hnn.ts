import { inputs } from "../../workloads/w6-hnn";
import type { Attempts } from "../../case";
import { tf, toTensor, training } from "./library";

/** dH/dx of a network with two tanh layers, derived by hand: the library's gradients of its own gradients are wrong. */
function slope([W1, b1, W2, b2, W3]: tf.Tensor[], x: tf.Tensor): tf.Tensor {
  const h1 = tf.tanh(tf.add(tf.matMul(x, W1!), b1!));
  const h2 = tf.tanh(tf.add(tf.matMul(h1, W2!), b2!));
  const through = (h: tf.Tensor, ct: tf.Tensor): tf.Tensor => tf.mul(ct, tf.sub(1, tf.square(h)));
  const ct1 = tf.matMul(through(h2, tf.transpose(W3!)), W2!, false, true);
  return tf.matMul(through(h1, ct1), W1!, false, true);
}

export const attempts: Attempts = {
  W6: () => {
    const data = inputs();
    const [x, dx] = [toTensor(data.x), toTensor(data.dx)];
    // Without the last bias, whose gradient is zero: the optimiser would refuse it.
    return training("eager, inner gradient by hand", data.params.slice(0, 5), (p) => {
      const [dq, dp] = tf.split(slope(p, x), 2, 1) as [tf.Tensor, tf.Tensor];
      return tf.mean(tf.square(tf.sub(tf.concat([dp, tf.neg(dq)], 1), dx)));
    });
  },
};

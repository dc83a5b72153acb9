import { inputs } from "../../workloads/w5-neural-ode";
import type { Attempt, Attempts } from "../../case";
import { mlp, tf, toTensor, training } from "./library";
import { adaptive, classical } from "./solver";

type Solve = (field: (y: tf.Tensor) => tf.Tensor, y0: tf.Tensor, ts: readonly number[]) => tf.Tensor[];

function attempt(note: string, solve: Solve): Attempt {
  const data = inputs();
  const [y0, y] = [toTensor(data.y0), toTensor(data.y)];
  return training(note, data.params, (p) => {
    const ys = solve((y) => mlp(p, tf.mul(y, tf.square(y))), y0, data.ts);
    return tf.mean(tf.abs(tf.sub(tf.stack(ys), y)));
  });
}

// The library has no solver.
export const attempts: Attempts = {
  "W5.dopri5.bptt": () => {
    let figures = {};
    const solve: Solve = (field, y0, ts) => {
      const { ys, evaluations, steps } = adaptive(field, y0, ts, 1e-7, 1e-9);
      figures = { nfe_fwd: evaluations, steps };
      return ys;
    };
    return { ...attempt("eager, dopri5 by hand", solve), figures: () => figures };
  },
  "W5.rk4.bptt": () => attempt("eager, rk4 by hand", classical),
};

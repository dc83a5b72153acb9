import { errorWeights, firstStep, outputsWithin, outputWeights, rows, stepFactor, trialStep } from "../dormand-prince";
import { tf } from "./library";

type Field = (y: tf.Tensor) => tf.Tensor;

/** y + h Σ wᵢ kᵢ, or the sum alone. */
function combine(y: tf.Tensor | undefined, h: number, ks: readonly tf.Tensor[], weights: readonly number[]): tf.Tensor {
  let sum = y;
  weights.forEach((w, i) => {
    if (w === 0) return;
    const term = tf.mul(ks[i]!, h * w);
    sum = sum ? tf.add(sum, term) : term;
  });
  return sum!;
}

/** States at `ts`, with one step size for all of the state, and the number of evaluations. Differentiable through its operations. */
export function adaptive(
  field: Field,
  y0: tf.Tensor,
  ts: readonly number[],
  rtol: number,
  atol: number,
): { ys: tf.Tensor[]; evaluations: number; steps: number } {
  const norm = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor): number => {
    const scale = tf.add(tf.mul(tf.maximum(tf.abs(a), tf.abs(b)), rtol), atol);
    const values = tf.div(x, scale).dataSync();
    let sum = 0;
    for (const v of values) sum += v * v;
    return Math.sqrt(sum / values.length);
  };
  let [t, y, k1] = [ts[0]!, y0, field(y0)];
  const slope = norm(k1, y, y);
  const trial = trialStep(norm(y, y, y), slope);
  const change = tf.sub(field(combine(y, trial, [k1], [1])), k1);
  let h = firstStep(trial, slope, norm(change, y, y) / trial);
  let [evaluations, steps] = [2, 0];
  const ys = [y0];
  while (ys.length < ts.length) {
    const ks = [k1];
    let next = y;
    for (const row of rows) ks.push(field((next = combine(y, h, ks, row))));
    evaluations += rows.length;
    steps++;
    const error = norm(combine(undefined, h, ks, errorWeights), y, next);
    if (error <= 1) {
      for (const theta of outputsWithin(ts, ys.length, t, h)) ys.push(combine(y, h, ks, outputWeights(theta)));
      [t, y, k1] = [t + h, next, ks[6]!];
    }
    h *= stepFactor(error);
  }
  return { ys, evaluations, steps };
}

/** One classical Runge–Kutta step from each time to the next. */
export function classical(field: Field, y0: tf.Tensor, ts: readonly number[]): tf.Tensor[] {
  const ys = [y0];
  for (let i = 1; i < ts.length; i++) {
    const [y, h] = [ys[i - 1]!, ts[i]! - ts[i - 1]!];
    const k1 = field(y);
    const k2 = field(combine(y, h, [k1], [1 / 2]));
    const k3 = field(combine(y, h, [k2], [1 / 2]));
    const k4 = field(combine(y, h, [k3], [1]));
    ys.push(combine(y, h, [k1, k2, k3, k4], [1 / 6, 1 / 3, 1 / 3, 1 / 6]));
  }
  return ys;
}

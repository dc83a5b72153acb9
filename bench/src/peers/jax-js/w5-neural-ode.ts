import { inputs } from "../../workloads/w5-neural-ode";
import type { Attempt, Attempts } from "../../case";
import { type Array, mlp, np, square, toArray, training, updater } from "./library";
import { classical, coefficients, type Field, patternOf, planner, replay } from "./solver";

const field: Field = (params, y) => mlp(params, y.ref.mul(square(y)));
const distance = (ys: Array, y: Array): Array => np.mean(np.abs(ys.sub(y)));

function adaptive(): Attempt {
  const data = inputs();
  const [y0, y] = [toArray(data.y0), toArray(data.y)];
  const plan = planner(field, 1e-7, 1e-9);
  const updates = new Map<string, ReturnType<typeof updater>>();
  let figures = {};
  const attempt = training("steps found from outside, then one jit that replays them", data.params, async (state) => {
    const steps = await plan(state.params, y0, data.ts);
    const pattern = patternOf(steps);
    figures = { nfe_fwd: steps.evaluations, steps: pattern.length, patterns: updates.size };
    const known = updates.get(pattern.join());
    const update =
      known ?? updater((p, y0, y, lengths, weights) => distance(replay(field, p, pattern, y0, lengths, weights), y));
    if (!known) updates.set(pattern.join(), update);
    const [lengths, weights] = coefficients(steps);
    const loss = await update(state, y0, y, lengths, weights);
    lengths.dispose();
    weights.dispose();
    return loss;
  });
  return { ...attempt, figures: () => figures };
}

function fixed(): Attempt {
  const data = inputs();
  const [y0, y] = [toArray(data.y0), toArray(data.y)];
  const update = updater((p, y0, y) => distance(classical(field, p, y0, data.ts), y));
  return training("rk4 by hand, unrolled in one jit", data.params, (state) => update(state, y0, y));
}

// The library has no solver.
export const attempts: Attempts = { "W5.dopri5.bptt": adaptive, "W5.rk4.bptt": fixed };

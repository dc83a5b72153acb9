import { inputs, paths, steps } from "../../workloads/w8-sde";
import type { Attempts, Numbers } from "../../case";
import { type Array, calling, jax, mlp, np, shared, square, toArray, training, updater, valuesOf } from "./library";

function neural() {
  const { y0, dW, drift, diffusion } = inputs();
  const loss = (p: readonly Array[], start: Array, increments: Array): Array => {
    let y = start;
    for (let k = 0; k < 100; k++) {
      const g = mlp(p.slice(4), y.ref).mul(increments.ref.slice(k));
      y = y.ref.add(mlp(p.slice(0, 4), y).mul(0.01)).add(g);
    }
    return np.mean(square(y));
  };
  return { blocks: [...drift, ...diffusion], start: toArray(y0), increments: toArray(dW), loss };
}

export const attempts: Attempts = {
  W8a: () => {
    const dt = 1 / steps;
    const step = jax.jit((s: Array, key: Array) =>
      s.mul(
        jax.random
          .normal(key, [paths])
          .mul(0.2 * Math.sqrt(dt))
          .add(1 + 0.05 * dt),
      ),
    );
    let seed = 0;
    const solve = async (): Promise<Numbers> => {
      let s = np.ones([paths]);
      const keys = jax.random.split(jax.random.key(seed++), steps);
      for (let i = 0; i < steps; i++) {
        s = step(s, keys.ref.slice(i));
        if (i % 20 === 19) await jax.blockUntilReady(s);
      }
      keys.dispose();
      return valuesOf(s);
    };
    return { note: "one jit per step, random.normal (threefry)", run: solve, result: solve };
  },
  "W8b.fwd": () => {
    const { blocks, start, increments, loss } = neural();
    const params = blocks.map((b) => toArray(b));
    const program = jax.jit((p: Array[], y: Array, dW: Array) => loss(p, y, dW));
    return calling("100 steps unrolled in one jit", () => program(shared(params), start.ref, increments.ref));
  },
  "W8b.train": () => {
    const { blocks, start, increments, loss } = neural();
    const update = updater((p, y, dW) => loss(p, y, dW));
    return training("100 steps unrolled in one jit", blocks, (state) => update(state, start, increments));
  },
};

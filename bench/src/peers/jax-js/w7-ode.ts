import type { Attempts, Numbers } from "../../case";
import { type Array, jax, np, valuesOf } from "./library";
import { classical } from "./solver";

const n = 10_000;

export const attempts: Attempts = {
  "W7b.rk4": () => {
    const rho = np.linspace(0, 21, n);
    const field = (rho: Array) => (_: readonly Array[], state: Array) => {
      const part = (i: number): Array => state.ref.slice(i);
      const slopes = [
        part(1).sub(part(0)).mul(10),
        part(0)
          .mul(rho.ref.sub(part(2)))
          .sub(part(1)),
        part(0)
          .mul(part(1))
          .sub(part(2).mul(8 / 3)),
      ];
      state.dispose();
      return np.stack(slopes);
    };
    const step = jax.jit((y: Array, rho: Array) => classical(field(rho), [], y, [0, 1e-3]).slice(1));
    const solve = async (): Promise<Numbers> => {
      let y = np.stack([np.ones([n]), np.zeros([n]), np.zeros([n])]);
      for (let i = 0; i < 1000; i++) {
        y = step(y, rho.ref);
        // Long queues of work that nothing waits for take quadratic time.
        if (i % 20 === 19) await jax.blockUntilReady(y);
      }
      return valuesOf(y);
    };
    return { note: "one jit per step of rk4 by hand", run: solve, result: solve };
  },
};

import { inputs } from "../../workloads/w6-hnn";
import type { Attempts } from "../../case";
import { block } from "../../inputs";
import { type Array, jax, mlp, np, square, toArray, training, updater } from "./library";

export const attempts: Attempts = {
  W6: () => {
    const data = inputs();
    const [x, dx] = [toArray(data.x), toArray(data.dx)];
    const n = data.x.shape[0]!;
    const direction = (j: number): Array =>
      toArray(
        block(
          Array.from({ length: 2 * n }, (_, i) => Number(i % 2 === j)),
          n,
          2,
        ),
      );
    // Forward inside reverse: reverse inside reverse gives wrong numbers.
    const update = updater((p, x, dx) => {
      const along = (j: number): Array => jax.jvp((x: Array) => mlp(p, x), [x.ref], [direction(j)])[1].reshape([n]);
      return np.mean(square(np.stack([along(1), along(0).neg()], 1).sub(dx)));
    });
    return training("one jit, jvp inside valueAndGrad", data.params, (state) => update(state, x, dx));
  },
};

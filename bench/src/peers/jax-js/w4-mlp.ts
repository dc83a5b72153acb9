import { inputs } from "../../workloads/w4-mlp";
import type { Attempts } from "../../case";
import { mlp, np, square, toArray, training, updater } from "./library";

const step = (which: "big" | "small") => () => {
  const data = inputs(which);
  const [x, y] = [toArray(data.x), toArray(data.y)];
  const update = updater((p, x, y) => np.mean(square(mlp(p, x).sub(y))));
  return training("one jit", data.params, (state) => update(state, x, y));
};

export const attempts: Attempts = { "W4.big": step("big"), "W4.small": step("small") };

import { inputs } from "../../workloads/w2-elementwise";
import type { Attempts } from "../../case";
import { type Array, calling, jax, np, square, toArray } from "./library";

const f = (x: Array): Array =>
  np
    .tanh(x.ref.mul(1.3).add(0.2))
    .mul(jax.nn.sigmoid(x.ref))
    .add(np.exp(square(x).neg()));

const compiled = (g: (x: Array) => Array) => () => {
  const x = toArray(inputs());
  const program = jax.jit(g);
  return calling("jit", () => program(x.ref));
};

export const attempts: Attempts = {
  "W2.fwd": compiled(f),
  "W2.grad": compiled((x) => jax.grad((x: Array) => f(x).sum())(x)),
};

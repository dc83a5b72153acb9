import type { Tensor } from "@dzdt/tensor";

const named = {
  tanh: (x: Tensor): Tensor => x.tanh(),
  sigmoid: (x: Tensor): Tensor => x.sigmoid(),
  softplus: (x: Tensor): Tensor => x.softplus(),
  relu: (x: Tensor): Tensor => x.relu(),
  gelu: (x: Tensor): Tensor => x.gelu(),
  silu: (x: Tensor): Tensor => x.silu(),
  elu: (x: Tensor): Tensor => x.elu(),
  sin: (x: Tensor): Tensor => x.sin(),
  identity: (x: Tensor): Tensor => x,
} as const;

/** An elementwise nonlinearity: a name (so that a configuration can be written as JSON), or a function of a tensor. */
export type Activation = keyof typeof named | ((x: Tensor) => Tensor);

/** @throws Error for a name that is not known */
export function activationOf(activation: Activation): (x: Tensor) => Tensor {
  if (typeof activation === "function") return activation;
  if (!Object.hasOwn(named, activation))
    throw new Error(
      `nn: there is no activation "${String(activation)}"; use one of ${Object.keys(named).join(", ")}, or a function of a tensor`,
    );
  return named[activation];
}

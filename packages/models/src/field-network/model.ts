import { odeint, type OdeintOptions } from "@dzdt/odeint";
import type { Tensor } from "@dzdt/tensor";
import { type Activation, fanInUniform, type InitOptions, mlp, type MlpParams, orthogonal } from "../nn";
import { type Trajectories, trajectoryLoss } from "../train/trajectoryLoss";

/** Options of `fieldNetwork`. */
export interface FieldNetworkOptions {
  /** Components of the state y (for states of q and p, twice the `dim` of an hnn). */
  readonly dim: number;
  /** @defaultValue [200, 200] */
  readonly hidden?: readonly number[];
  /** @defaultValue "tanh" */
  readonly activation?: Activation;
}

/** A network ẏ = f(y), all parts pure functions of `params`. */
export interface FieldNetwork {
  readonly dim: number;
  readonly init: (key: Tensor, options?: InitOptions) => MlpParams;
  /** ẏ of states `[…, dim]`. */
  readonly derivative: (params: MlpParams, y: Tensor) => Tensor;
  /** The vector field `(t, y) => dy` for odeint. */
  readonly field: (params: MlpParams) => (t: Tensor, y: Tensor) => Tensor;
  /** Mean squared error of the derivatives over all components; `y` and `dy` are `[…, dim]`. */
  readonly loss: (params: MlpParams, batch: { readonly y: Tensor; readonly dy: Tensor }) => Tensor;
  /** Mean squared error along solved windows; needs no derivatives. */
  readonly trajectoryLoss: (params: MlpParams, batch: Trajectories) => Tensor;
  /** States `[T, …]` at `ts` from `y0` at `ts[0]`. Options go to odeint. */
  readonly rollout: (params: MlpParams, y0: Tensor, ts: readonly number[] | Tensor, options?: OdeintOptions) => Tensor;
}

/** The baseline of the structured models: a network that maps a state to its derivative, with nothing built in (Greydanus et al. 2019). */
export function fieldNetwork(options: FieldNetworkOptions): FieldNetwork {
  const { dim, hidden = [200, 200], activation = "tanh" } = options;
  if (!Number.isInteger(dim) || dim < 1)
    throw new Error(`fieldNetwork: dim is ${String(dim)}; give the number of components of the state`);
  const net = mlp({
    sizes: [dim, ...hidden, dim],
    activation,
    init: orthogonal(),
    biasInit: fanInUniform,
    finalBias: false,
  });
  const derivative: FieldNetwork["derivative"] = (params, y) => net.apply(params, y);
  const field: FieldNetwork["field"] = (params) => (_t, y) => derivative(params, y);
  return Object.freeze<FieldNetwork>({
    dim,
    init: net.init,
    derivative,
    field,
    loss: (params, { y, dy }) => {
      if (y.shape.join() !== dy.shape.join())
        throw new Error(
          `fieldNetwork.loss: dy is [${dy.shape.join(", ")}] for states y of [${y.shape.join(", ")}]; give one derivative per component of y`,
        );
      return derivative(params, y).sub(dy).square().mean();
    },
    trajectoryLoss: (params, batch) => trajectoryLoss((y) => derivative(params, y), batch),
    rollout: (params, y0, ts, solve = {}) => odeint(field(params), y0, ts, solve).ys,
  });
}

import { grad } from "@dzdt/autograd";
import { odeint, type OdeintOptions } from "@dzdt/odeint";
import { concat, random, type Tensor } from "@dzdt/tensor";
import { type Activation, fanInUniform, type InitOptions, mlp, type MlpParams, orthogonal } from "../nn";
import { type Trajectories, trajectoryLoss } from "../train/trajectoryLoss";
import { dampingOf, initDamping } from "./damping";
import { type DerivativeBatch, derivativeLoss } from "./loss";

/** Options of `hnn`. */
export interface HnnOptions {
  /** Number of coordinates q; as many momenta p. */
  readonly dim: number;
  /** @defaultValue [200, 200] */
  readonly hidden?: readonly number[];
  /** Smooth: relu has no second derivative and learns nothing. @defaultValue "tanh" */
  readonly activation?: Activation;
  /** "scalar" learns one number D ≥ 0 with ṗ = −∂H/∂q − D·p, which takes energy out where p and q̇ point the same way. @defaultValue "none" */
  readonly damping?: "none" | "scalar";
}

/** The energy network, and d with D = d² where the damping is learned. */
export type HnnParams = { readonly energy: MlpParams; readonly damping?: Tensor };

/** A state as the Hamiltonian fields and symplectic solvers of odeint take it; both are `[…, dim]`. */
export type HamiltonianState = { readonly q: Tensor; readonly p: Tensor };

/** A state in either form: `{ q, p }`, or one tensor `[…, 2·dim]` of q, then p. */
type State = Tensor | HamiltonianState;
type Same<Y> = Y extends Tensor ? Tensor : HamiltonianState;

/** A Hamiltonian neural network. What belongs to a trained one is in `params`; all parts are pure functions of it. */
export interface Hnn {
  readonly dim: number;
  readonly init: (key: Tensor, options?: InitOptions) => HnnParams;
  /** H(q, p): `[…, dim]` twice → `[…]`; determined up to a constant. */
  readonly energy: (params: HnnParams, q: Tensor, p: Tensor) => Tensor;
  /** The learned D, or undefined without damping. */
  readonly damping: (params: HnnParams) => Tensor | undefined;
  /** ẏ of states `[…, 2·dim]`. Costs about two evaluations of the energy. */
  readonly derivative: (params: HnnParams, y: Tensor) => Tensor;
  /** The vector field `(t, y) => dy` for odeint, of states in either form. */
  readonly field: (params: HnnParams) => <Y extends State>(t: Tensor, y: Y) => Same<Y>;
  /** Mean squared error of the derivatives. */
  readonly loss: (params: HnnParams, batch: DerivativeBatch) => Tensor;
  /** Mean squared error along solved windows; needs no derivatives. */
  readonly trajectoryLoss: (params: HnnParams, batch: Trajectories) => Tensor;
  /** States at `ts` from `y0` at `ts[0]`: each leaf `[T, …]`. Options go to odeint. */
  readonly rollout: <Y extends State>(
    params: HnnParams,
    y0: Y,
    ts: readonly number[] | Tensor,
    options?: OdeintOptions,
  ) => Same<Y>;
}

/**
 * A network H(q, p) whose Hamiltonian flow q̇ = ∂H/∂p, ṗ = −∂H/∂q (− D·p) is fitted to data: without damping it conserves H whatever it learned.
 * Greydanus, Dzamba and Yosinski 2019, doi:10.48550/arXiv.1906.01563; sizes and initial values of their code.
 */
export function hnn(options: HnnOptions): Hnn {
  const { dim, hidden = [200, 200], activation = "tanh", damping = "none" } = options;
  if (!Number.isInteger(dim) || dim < 1)
    throw new Error(`hnn: dim is ${String(dim)}; give the number of coordinates q`);
  if (damping !== "none" && damping !== "scalar")
    throw new Error(`hnn: damping is ${String(damping)}; use "none" or "scalar"`);
  const net = mlp({
    sizes: [2 * dim, ...hidden, 1],
    activation,
    init: orthogonal(),
    biasInit: fanInUniform,
    finalBias: false,
  });

  const energyOf = (params: HnnParams, y: Tensor): Tensor => net.apply(params.energy, y).squeeze(-1);
  const half = (y: Tensor, k: 0 | 1): Tensor =>
    y.slice([...front(y), k * dim], [...y.shape.slice(0, -1), (k + 1) * dim]);

  const derivative: Hnn["derivative"] = (params, y) => {
    checkState(y, dim);
    // Rows do not meet in the sum, so its gradient is that of each row's energy: one batched program instead of a vmap.
    const slope = grad((x: Tensor) => energyOf(params, x).sum())(y);
    const force = half(slope, 0).neg();
    const d = params.damping;
    return concat([half(slope, 1), d ? force.sub(half(y, 1).mul(dampingOf(d))) : force], -1);
  };

  const field: Hnn["field"] = (params) => {
    const onState = (_t: Tensor, y: State): State => {
      if (!isPair(y)) return derivative(params, y);
      const dy = derivative(params, joined(y));
      return { q: half(dy, 0), p: half(dy, 1) };
    };
    return onState as ReturnType<Hnn["field"]>;
  };

  return Object.freeze<Hnn>({
    dim,
    init: (key, { dtype = "float32" } = {}) => {
      const energy = net.init(random.foldIn(key, 0), { dtype });
      return damping === "scalar" ? { energy, damping: initDamping(dtype) } : { energy };
    },
    energy: (params, q, p) => energyOf(params, joined({ q, p })),
    damping: (params) => params.damping && dampingOf(params.damping),
    derivative,
    field,
    loss: (params, batch) => derivativeLoss((y) => derivative(params, y), batch),
    trajectoryLoss: (params, batch) => trajectoryLoss((y) => derivative(params, y), batch),
    rollout: (params, y0, ts, solve = {}) => odeint(field(params) as never, y0 as Tensor, ts, solve).ys as never,
  });
}

const front = (y: Tensor): number[] => new Array<number>(y.ndim - 1).fill(0);
const isPair = (y: State): y is HamiltonianState => "q" in y;
const joined = ({ q, p }: HamiltonianState): Tensor => concat([q, p], -1);

function checkState(y: Tensor, dim: number): void {
  if (y.shape.at(-1) !== 2 * dim)
    throw new Error(
      `hnn: a state is [${y.shape.join(", ")}] where dim is ${dim}; give [..., ${2 * dim}]: ${dim} coordinates q, then ${dim} momenta p`,
    );
}

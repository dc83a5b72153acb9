import type { OdeintOptions } from "@dzdt/odeint";
import { type Tensor, tree, type Tree } from "@dzdt/tensor";
import { fieldNetwork } from "../../field-network";
import { hnn, type HnnParams } from "../../hnn";
import type { Ink } from "../../report/report";
import type { Trajectories } from "../../train";

/** A model with the name and colour that it has in tables and figures. */
export interface Learner extends Label {
  readonly model: Model<Tree>;
  /**
   * States at `times` from `y0` at `times[0]`: `[times, …y0]`, row by row. In float64, so that an error in energy is the model's
   * and not the solver's.
   */
  readonly rollout: (params: Tree, y0: Tensor, times: Tensor, options?: OdeintOptions) => Float64Array;
  /** H of a state `[2 · dim]`, for those that have one. */
  readonly energy?: (params: Tree, y: Tensor) => Tensor;
}

interface Label {
  /** As in file names. */
  readonly key: string;
  readonly name: string;
  readonly ink: Ink;
  /** What is needed to build an HNN again; other models are not kept. */
  readonly size?: HamiltonianSize;
}

/** What the models that can be compared have in common. */
interface Model<P extends Tree> {
  init(key: Tensor): P;
  derivative(params: P, y: Tensor): Tensor;
  loss(params: P, batch: { readonly y: Tensor; readonly dy: Tensor }): Tensor;
  trajectoryLoss(params: P, batch: Trajectories): Tensor;
  rollout(params: P, y0: Tensor, ts: Tensor, options?: OdeintOptions): Tensor;
  damping?(params: P): Tensor | undefined;
}

/** Sizes and options of an HNN. JSON. */
export interface HamiltonianSize {
  /** Number of coordinates, and of momenta. */
  readonly dim: number;
  /** Of each of the two hidden layers. */
  readonly width: number;
  /** Whether a linear damping is learned. */
  readonly damping: boolean;
}

/** The models of the demonstrations, for states (q, p), with two hidden layers of `width`. */
export const learners: Readonly<Record<"hnn" | "damped" | "baseline", (width: number) => Learner>> = {
  hnn: (width: number) => hamiltonian({ dim: 1, width, damping: false }),
  damped: (width: number) => hamiltonian({ dim: 1, width, damping: true }),
  baseline: (width: number) =>
    learner({ key: "baseline", name: "baseline", ink: "baseline" }, fieldNetwork({ dim: 2, hidden: [width, width] })),
};

/** An HNN, which may learn a linear damping. */
export function hamiltonian(size: HamiltonianSize): Learner {
  const { dim, width, damping } = size;
  const label: Label = damping
    ? { key: "damped", name: "HNN + damping", ink: "variant", size }
    : { key: "hnn", name: "HNN", ink: "model", size };
  const model = hnn({ dim, hidden: [width, width], damping: damping ? "scalar" : "none" });
  return {
    ...learner(label, model),
    energy: (params, y) => model.energy(params as HnnParams, y.slice([0], [dim]), y.slice([dim], [2 * dim])),
  };
}

function learner<P extends Tree>(label: Label, typed: Model<P>): Learner {
  // params only ever come from the same model's init or from its file, so their type may be forgotten
  const model = typed as unknown as Model<Tree>;
  return {
    ...label,
    model,
    rollout: (params, y0, times, options) => {
      const wide = tree.map((x) => x.cast("float64"), params);
      return model.rollout(wide, y0.cast("float64"), times, options).dataSync() as Float64Array;
    },
  };
}

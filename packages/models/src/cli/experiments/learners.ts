import type { OdeintOptions } from "@dzdt/odeint";
import type { Tensor, Tree } from "@dzdt/tensor";
import { fieldNetwork } from "../../field-network";
import { hnn } from "../../hnn";
import type { Ink } from "../../report/report";
import type { Trajectories } from "../../train";

/** A model with the name and colour that it has in tables and figures. */
export interface Learner {
  /** As in file names. */
  readonly key: string;
  readonly name: string;
  readonly ink: Ink;
  readonly model: Model<Tree>;
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

/** The models of the demonstrations, for states (q, p), with two hidden layers of `width`. */
export const learners = {
  hnn: (width: number) => hamiltonian({ dim: 1, width }),
  damped: (width: number) => hamiltonian({ dim: 1, width, damping: true }),
  baseline: (width: number) =>
    learner({ key: "baseline", name: "baseline", ink: "baseline" }, fieldNetwork({ dim: 2, hidden: [width, width] })),
} as const satisfies Readonly<Record<string, (width: number) => Learner>>;

/** An HNN of `dim` coordinates, which may learn a linear damping. */
export function hamiltonian(options: { readonly dim: number; readonly width: number; readonly damping?: boolean }): Learner {
  const { dim, width, damping = false } = options;
  const label: Omit<Learner, "model"> = damping
    ? { key: "damped", name: "HNN + damping", ink: "variant" }
    : { key: "hnn", name: "HNN", ink: "model" };
  return learner(label, hnn({ dim, hidden: [width, width], damping: damping ? "scalar" : "none" }));
}

// params only ever come from the same model's init or from its file, so their type may be forgotten
function learner<P extends Tree>(label: Omit<Learner, "model">, model: Model<P>): Learner {
  return { ...label, model: model as unknown as Model<Tree> };
}

import type { Tensor, Tree } from "@dzdt/tensor";
import type { VectorField } from "../vectorField";

/** How an equation is to be read: its diffusion taken at the start of each instant (Itô), or in its middle (Stratonovich). */
export type Calculus = "ito" | "stratonovich";

/**
 * How noise enters:
 * - `diagonal`: each component has a noise of its own, and a diffusion that depends on this component only. The diffusion is a tree like the state.
 * - `scalar`: one noise drives all components. The diffusion is a tree like the state.
 * - `general`: m noises drive all components. The diffusion has an axis more than the state, `[…leaf, m]`.
 * - `additive`: the diffusion does not depend on the state. A tree like the state (each component has a noise of its own), or `[…leaf, m]`.
 */
export type Noise = "diagonal" | "scalar" | "general" | "additive";

/**
 * dy = drift(t, y, args) dt + diffusion(t, y, args) dW, with W a Brownian motion. `Y` is the state's tree; `C` and `N` say to the compiler how the equation is
 * to be read, so that it refuses solvers of the other calculus.
 */
export interface Sde<Y = Tensor, A = undefined, C extends Calculus = Calculus, N extends Noise = Noise> {
  /** Per unit of time: a tree like the state. */
  readonly drift: VectorField<Y, A>;
  /** Per square root of a unit of time; `noise` says of which shape. */
  readonly diffusion: (t: Tensor, y: Y, args: A) => Tree;
  /** @defaultValue "diagonal" */
  readonly noise?: N;
  /** @defaultValue "ito" */
  readonly calculus?: C;
}

export const noises: readonly Noise[] = ["diagonal", "scalar", "general", "additive"];
export const calculi: readonly Calculus[] = ["ito", "stratonovich"];

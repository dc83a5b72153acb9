import { checkOptions } from "../../options";
import type { MilsteinSolver } from "../solver";
import { deepFreeze } from "../tableau";

const make = (commutative: boolean): MilsteinSolver =>
  deepFreeze<MilsteinSolver>({
    kind: "milstein",
    name: "milstein",
    calculus: "either",
    noise: ["diagonal", "scalar", "general", "additive"],
    levyArea: "none",
    strongOrder: { ...(commutative ? {} : { general: 1 / 2 }), commutative: 1, additive: 1 },
    commutative,
    with: (changes) => {
      checkOptions("milstein.with", changes, ["commutative"]);
      return make(changes.commutative);
    },
    reference: "Milstein 1975, doi:10.1137/1119062",
  });

/**
 * Milstein's method, for Itô and Stratonovich equations alike: strong order 1 for diagonal, scalar and commutative noise. One evaluation of the drift a
 * step, and derivatives of the diffusion: one along itself, or m + 1 for a matrix of m columns. Noise that does not commute at
 * y0 and ts[0] is refused where their numbers are known: not within compiled or transformed functions, nor on webgpu, where nothing tells that such noise
 * leaves strong order 1/2. `milstein.with({ commutative: false })` takes it, with that order.
 * Milstein 1975, doi:10.1137/1119062; Kloeden and Platen 1992, (10.3.3), doi:10.1007/978-3-662-12616-5.
 */
export const milstein: MilsteinSolver = make(true);

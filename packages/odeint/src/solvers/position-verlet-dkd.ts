import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Störmer–Verlet in its position form, drift–kick–drift: order 2, one force per step.
 * Tuckerman, Berne and Martyna 1992, doi:10.1063/1.463137.
 */
export const positionVerletDkd: SymplecticSolver = symplecticSplitting({
  name: "positionVerletDkd",
  order: 2,
  sequence: [
    ["drift", 1 / 2],
    ["kick", 1],
    ["drift", 1 / 2],
  ],
  reference: "Tuckerman, Berne and Martyna 1992, doi:10.1063/1.463137",
});

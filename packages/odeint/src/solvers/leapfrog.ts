import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Störmer–Verlet in its velocity form, kick–drift–kick: order 2, one force per step (the last kick and the next first
 * share it). Verlet 1967, doi:10.1103/PhysRev.159.98; Hairer, Lubich and Wanner 2003, doi:10.1017/S0962492902000144.
 */
export const leapfrog: SymplecticSolver = symplecticSplitting({
  name: "leapfrog",
  order: 2,
  sequence: [
    ["kick", 1 / 2],
    ["drift", 1],
    ["kick", 1 / 2],
  ],
  reference: "Verlet 1967, doi:10.1103/PhysRev.159.98",
});

/** Another name of `leapfrog`. */
export const velocityVerlet: SymplecticSolver = leapfrog;

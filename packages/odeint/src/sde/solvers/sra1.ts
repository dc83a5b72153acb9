import type { AdditiveSolver } from "../solver";
import { additiveRungeKutta } from "../tableau";

/**
 * SRA1 for additive noise: strong order 3/2. Two evaluations of drift and diffusion a step, and the path's space–time Lévy area.
 * Rößler 2010, doi:10.1137/09076636X.
 */
export const sra1: AdditiveSolver = additiveRungeKutta({
  name: "sra1",
  c: [0, 3 / 4],
  a: [[], [3 / 4]],
  b: [1 / 3, 2 / 3],
  w: [0, 3 / 4],
  levy: [0, 3 / 2],
  strongOrder: { additive: 3 / 2 },
  reference: "Rößler 2010, doi:10.1137/09076636X",
});

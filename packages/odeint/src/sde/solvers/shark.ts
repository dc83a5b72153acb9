import type { AdditiveSolver } from "../solver";
import { additiveRungeKutta } from "../tableau";

/**
 * ShARK (shifted additive-noise Runge–Kutta): strong order 3/2 for additive noise, for which it is the first choice. Two evaluations of drift and
 * diffusion a step, and the path's space–time Lévy area. Foster, dos Reis and Strange 2023, (6.1), arXiv:2210.17543.
 */
export const shark: AdditiveSolver = additiveRungeKutta({
  name: "shark",
  c: [0, 5 / 6],
  a: [[], [5 / 6]],
  b: [2 / 5, 3 / 5],
  w: [0, 5 / 6],
  levy: [1, 1],
  strongOrder: { additive: 3 / 2 },
  reference: "Foster, dos Reis and Strange 2023, arXiv:2210.17543",
});

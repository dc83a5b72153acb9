import type { AdditiveSolver } from "../solver";
import { additiveRungeKutta } from "../tableau";

/**
 * Shifted Euler for additive noise: strong order 1, with a smaller error than `eulerMaruyama`. One evaluation of the drift a step, two of the diffusion,
 * and the path's space–time Lévy area. Foster, dos Reis and Strange 2023, (5.8), arXiv:2210.17543.
 */
export const sea: AdditiveSolver = additiveRungeKutta({
  name: "sea",
  c: [0],
  a: [[]],
  b: [1],
  w: [1 / 2],
  levy: [1],
  strongOrder: { additive: 1 },
  reference: "Foster, dos Reis and Strange 2023, arXiv:2210.17543",
});

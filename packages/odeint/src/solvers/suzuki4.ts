import { symplecticSplitting, type SymplecticSolver } from "../tableau";

/**
 * Suzuki's fivefold fractal of order 4, drift first, five forces per step.
 * Suzuki 1990, doi:10.1016/0375-9601(90)90962-N.
 */
export const suzuki4: SymplecticSolver = symplecticSplitting({
  name: "suzuki4",
  order: 4,
  sequence: [
    ["drift", 0.20724538589718786],
    ["kick", 0.4144907717943757],
    ["drift", 0.4144907717943757],
    ["kick", 0.4144907717943757],
    ["drift", -0.12173615769156361],
    ["kick", -0.657963087177503],
    ["drift", -0.12173615769156361],
    ["kick", 0.4144907717943757],
    ["drift", 0.4144907717943757],
    ["kick", 0.4144907717943757],
    ["drift", 0.20724538589718786],
  ],
  reference: "Suzuki 1990, doi:10.1016/0375-9601(90)90962-N",
});

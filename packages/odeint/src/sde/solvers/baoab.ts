import type { LangevinSolver } from "../solver";
import { deepFreeze } from "../tableau";

/**
 * BAOAB for Langevin equations: half a kick, half a drift, friction and noise exactly, half a drift, half a kick. Made for sampling: positions have nearly
 * their stationary law, exactly so for quadratic potentials; strong order 1. One force a step, after one more.
 * Leimkuhler and Matthews 2013, doi:10.1093/amrx/abs010.
 */
export const baoab: LangevinSolver = deepFreeze<LangevinSolver>({
  kind: "langevin",
  name: "baoab",
  calculus: "either",
  noise: [],
  levyArea: "none",
  strongOrder: { additive: 1 },
  fsal: true,
  evaluations: 1,
  step: ({ q, p, f, force, h, rho, W, phi }) => {
    const half = h.mul(0.5);
    const pushed = p.add(half.mul(f!));
    const middle = q.add(half.mul(pushed));
    // The noise's variance over the step, T (1 − e^(−2γh)), is ρ² h φ₁(−2γh).
    const turned = phi(1)[0]
      .mul(pushed)
      .add(rho.mul(phi(2)[1].sqrt()).mul(W));
    const moved = middle.add(half.mul(turned));
    const next = force(moved);
    return { q: moved, p: turned.add(half.mul(next)), f: next };
  },
  reference: "Leimkuhler and Matthews 2013, doi:10.1093/amrx/abs010",
});

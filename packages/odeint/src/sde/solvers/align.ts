import { areaWeight } from "../methods/phi";
import type { LangevinSolver } from "../solver";
import { deepFreeze } from "../tableau";

/**
 * ALIGN for Langevin equations: strong order 2. One force a step, after one more, and the path's space–time Lévy area.
 * After the Strang splitting of Foster, Lyons and Oberhauser 2021, definition 4.2, arXiv:2101.03446.
 */
export const align: LangevinSolver = deepFreeze<LangevinSolver>({
  kind: "langevin",
  name: "align",
  calculus: "either",
  noise: [],
  levyArea: "space-time",
  strongOrder: { additive: 2 },
  fsal: true,
  evaluations: 1,
  step: ({ q, p, f, force, h, gamma, rho, W, H, phi }) => {
    const one = phi(1);
    const [beta, phi1, phi2] = one;
    const area = areaWeight(gamma.mul(h), one).mul(H);
    const moved = q
      .add(h.mul(phi1).mul(p))
      .add(h.mul(h).mul(phi2).mul(f!))
      .add(rho.mul(h).mul(phi2.mul(W).add(area)));
    const next = force(moved);
    const kick = phi1.sub(phi2).mul(f!).add(phi2.mul(next)).mul(h);
    return {
      q: moved,
      p: beta
        .mul(p)
        .add(kick)
        .add(rho.mul(phi1.mul(W).sub(gamma.mul(h).mul(area)))),
      f: next,
    };
  },
  reference: "Foster, Lyons and Oberhauser 2021, arXiv:2101.03446",
});

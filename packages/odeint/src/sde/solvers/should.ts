import { areaWeight, secondAreaWeight } from "../methods/phi";
import type { LangevinSolver } from "../solver";
import { deepFreeze } from "../tableau";

/**
 * ShOULD for Langevin equations: strong order 3. Two forces a step, after one more, and the path's space–time–time Lévy area.
 * Foster, Lyons and Oberhauser 2021, definition 7.1, arXiv:2101.03446.
 */
export const should: LangevinSolver = deepFreeze<LangevinSolver>({
  kind: "langevin",
  name: "should",
  calculus: "either",
  noise: [],
  levyArea: "space-time-time",
  strongOrder: { additive: 3 },
  fsal: true,
  evaluations: 2,
  step: ({ q, p, f, force, h, gamma, rho, W, H, K, phi }) => {
    const [whole, half] = [phi(1), phi(1 / 2)];
    const [beta, phi1, phi2] = whole;
    const alpha = gamma.mul(h);
    const start = p.add(rho.mul(H.add(K.mul(6))));
    const push = h.mul(f!).add(rho.mul(W.sub(K.mul(12))));
    const middle = q.add(h.mul(0.5).mul(half[1]).mul(start)).add(h.mul(0.25).mul(half[2]).mul(push));
    const f1 = force(middle);
    const areas = areaWeight(alpha, whole).mul(H).add(secondAreaWeight(alpha, whole).mul(K));
    const moved = q
      .add(h.mul(phi1).mul(p))
      .add(
        h
          .mul(h)
          .mul(phi2)
          .mul(f!.add(f1.mul(2)).mul(1 / 3)),
      )
      .add(rho.mul(h).mul(phi2.mul(W).add(areas)));
    const f2 = force(moved);
    const kick = beta
      .mul(f!)
      .add(half[0].mul(4).mul(f1))
      .add(f2)
      .mul(h.mul(1 / 6));
    return {
      q: moved,
      p: beta
        .mul(p)
        .add(kick)
        .add(rho.mul(phi1.mul(W).sub(alpha.mul(areas)))),
      f: f2,
    };
  },
  reference: "Foster, Lyons and Oberhauser 2021, arXiv:2101.03446",
});

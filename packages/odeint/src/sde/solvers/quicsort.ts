import type { LangevinSolver } from "../solver";
import { deepFreeze } from "../tableau";

const left = 1 / 2 - Math.sqrt(3) / 6;
const right = 1 / 2 + Math.sqrt(3) / 6;

/**
 * QUICSORT for Langevin equations: strong order 3. Two forces a step, and the path's space–time–time Lévy area; contractive where the potential is
 * strongly convex. A variant of SORT, Foster, Lyons and Oberhauser 2021, definition 1.2, arXiv:2101.03446, after UBU, arXiv:2311.05025.
 */
export const quicsort: LangevinSolver = deepFreeze<LangevinSolver>({
  kind: "langevin",
  name: "quicsort",
  calculus: "either",
  noise: [],
  levyArea: "space-time-time",
  strongOrder: { additive: 3 },
  fsal: false,
  evaluations: 2,
  step: ({ q, p, force, h, rho, W, H, K, phi }) => {
    const push = rho.mul(W.sub(K.mul(12)));
    const start = p.add(rho.mul(H.add(K.mul(6))));
    const [l, r, one, third] = [phi(left), phi(right), phi(1), phi(1 / 3)];
    // After part s of the step, without force.
    const free = (s: number, [, phi1, phi2]: typeof l): typeof q =>
      q.add(h.mul(s).mul(phi1).mul(start)).add(
        h
          .mul(s * s)
          .mul(phi2)
          .mul(push),
      );
    const f1 = force(free(left, l)).mul(h);
    const f2 = force(
      free(right, r).add(
        h
          .mul(1 / 3)
          .mul(third[1])
          .mul(f1),
      ),
    ).mul(h);
    const drawn = h
      .mul(0.5 * right)
      .mul(r[1])
      .mul(f1)
      .add(
        h
          .mul(0.5 * left)
          .mul(l[1])
          .mul(f2),
      );
    const kick = r[0].mul(f1).add(l[0].mul(f2)).mul(0.5);
    return {
      q: free(1, one).add(drawn),
      p: one[0]
        .mul(start)
        .add(kick)
        .add(one[1].mul(push))
        .sub(rho.mul(H.sub(K.mul(6)))),
    };
  },
  reference: "Foster, Lyons and Oberhauser 2021, arXiv:2101.03446",
});

import type { Tensor } from "@dzdt/tensor";
import type { SdeFields } from "../fields";
import type { AdditiveTableau } from "../tableau";
import { combination, plus, scaled, type SdeMethod, timeWithin, weighted } from "./method";

/** A stochastic Runge–Kutta method for additive noise from its tableau. */
export function additiveMethod({ a, b, c, w, levy }: AdditiveTableau, fields: SdeFields): SdeMethod {
  return {
    begin: () => [],
    evaluations: { begin: 0, step: b.length },
    step: (step) => {
      const { y, h, t, tNext, noise } = step;
      const [g, gNext] = [fields.diffusion(t, y), fields.diffusion(tNext, y)];
      const f: Tensor[][] = [];
      b.forEach((_, i) => {
        const shift = combination([
          [w[i]!, noise.W],
          [levy[i]!, noise.H],
        ]);
        const drifted = plus(y, scaled(h, weighted(a[i]!, f)));
        const z = shift ? plus(drifted, fields.times(g, shift)) : drifted;
        f.push(fields.drift(timeWithin(step, c[i]!), z));
      });
      const moved = plus(plus(y, scaled(h, weighted(b, f))), fields.times(g, noise.W));
      const change = gNext.map((x, k) => x.sub(g[k]!));
      return { y: plus(moved, fields.times(change, noise.W.mul(0.5).sub(noise.H!))), memory: [] };
    },
  };
}

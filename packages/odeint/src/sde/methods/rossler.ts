import { cast, type Tensor } from "@dzdt/tensor";
import type { SdeFields } from "../fields";
import type { RosslerTableau } from "../tableau";
import { combination, plus, scaled, type SdeMethod, timeWithin, weighted } from "./method";

/** A method of Rößler's class SRI from its tableau. */
export function rosslerMethod(tableau: RosslerTableau, fields: SdeFields): SdeMethod {
  const { a0, a1, b0, b1, c0, c1, alpha, beta1, beta2, beta3, beta4 } = tableau;
  const driftRows = [...a0, ...a1, alpha];
  const usesDrift = alpha.map((_, j) => driftRows.some((row) => (row[j] ?? 0) !== 0));
  return {
    begin: () => [],
    evaluations: { begin: 0, step: usesDrift.filter((used) => used).length },
    step: (step) => {
      const { y, h: length, noise } = step;
      const { W } = noise;
      const h = cast(length, W.dtype);
      const root = h.sqrt();
      const square = W.mul(W);
      const mean = W.mul(0.5).add(noise.H!);
      const double = square.sub(h).mul(0.5).div(root);
      const triple = W.mul(square.sub(h.mul(3))).div(h.mul(6));
      const f: (Tensor[] | undefined)[] = [];
      const g: Tensor[][] = [];
      const noisy = (z: Tensor[], terms: readonly Tensor[] | undefined, by: Tensor): Tensor[] =>
        terms ? plus(z, fields.times(terms, by)) : z;
      alpha.forEach((_, i) => {
        const z0 = (): Tensor[] => noisy(plus(y, scaled(length, weighted(a0[i]!, f))), weighted(b0[i]!, g), mean);
        const z1 = noisy(plus(y, scaled(length, weighted(a1[i]!, f))), weighted(b1[i]!, g), root);
        f.push(usesDrift[i] ? fields.drift(timeWithin(step, c0[i]!), z0()) : undefined);
        g.push(fields.diffusion(timeWithin(step, c1[i]!), z1));
      });
      let next = plus(y, scaled(length, weighted(alpha, f)));
      g.forEach((leaf, i) => {
        const by = combination([
          [beta1[i]!, W],
          [beta2[i]!, double],
          [beta3[i]!, mean],
          [beta4[i]!, triple],
        ]);
        if (by) next = plus(next, fields.times(leaf, by));
      });
      return { y: next, memory: [] };
    },
  };
}

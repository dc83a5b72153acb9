import { cast, expandDims } from "@dzdt/tensor";
import type { SdeFields } from "../fields";
import { alongColumns } from "./derivatives";
import { plus, scaled, type SdeMethod } from "./method";

/**
 * The midpoint rule with the noise's Lévy area: y + h f + g W + Σᵢⱼ Aᵢⱼ ∂gⱼ gᵢ at the middle, with A = H Wᵀ − W Hᵀ, the mean of the area given W and H.
 */
export function logOdeMethod(fields: SdeFields): SdeMethod {
  return {
    begin: () => [],
    evaluations: { begin: 0, step: 2 },
    step: ({ t, h, y, noise: { W, H } }) => {
      const half = h.mul(0.5);
      const start = plus(y, scaled(half, fields.drift(t, y)));
      const middle = plus(start, fields.times(fields.diffusion(t, y), W.mul(0.5)));
      const tMiddle = t.add(half);
      const g = fields.diffusion(tMiddle, middle);
      const next = plus(plus(y, scaled(h, fields.drift(tMiddle, middle))), fields.times(g, W));
      if (fields.form !== "matrix" || fields.noise === "additive") return { y: next, memory: [] };
      const outer = expandDims(H!, 1).mul(expandDims(W, 0));
      const area = cast(outer.sub(outer.transpose()), g[0]!.dtype);
      return { y: plus(next, alongColumns(fields, tMiddle, middle, g, area)), memory: [] };
    },
  };
}

import { cast } from "@dzdt/tensor";
import type { SdeFields } from "../fields";
import type { Calculus } from "../sde";
import { alongColumns, diffusionAlong } from "./derivatives";
import { plus, scaled, type SdeMethod } from "./method";

/** y + h f + g W + ½ Σᵢⱼ (∂gⱼ gᵢ) (WᵢWⱼ − δᵢⱼ h), without the last h for Stratonovich equations. */
export function milsteinMethod(fields: SdeFields, calculus: Calculus): SdeMethod {
  return {
    begin: () => [],
    evaluations: { begin: 0, step: 1 },
    step: ({ t, h, y, noise: { W } }) => {
      const g = fields.diffusion(t, y);
      const gW = fields.times(g, W);
      const next = plus(plus(y, scaled(h, fields.drift(t, y))), gW);
      if (fields.noise === "additive") return { y: next, memory: [] };
      const hW = cast(h, W.dtype);
      if (fields.form !== "matrix") {
        const square = W.mul(W);
        const area = (calculus === "ito" ? square.sub(hW) : square).mul(0.5);
        return { y: plus(next, fields.times(diffusionAlong(fields, t, y, g), area)), memory: [] };
      }
      const double = plus(next, fields.times(diffusionAlong(fields, t, y, gW), W.mul(0.5)));
      if (calculus !== "ito") return { y: double, memory: [] };
      return { y: plus(double, scaled(h.mul(-0.5), alongColumns(fields, t, y, g))), memory: [] };
    },
  };
}

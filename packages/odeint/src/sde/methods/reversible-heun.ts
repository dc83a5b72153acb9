import type { Tensor } from "@dzdt/tensor";
import type { SdeFields } from "../fields";
import { plus, scaled, type SdeMethod } from "./method";

/** The state has a companion ẑ, kept with the drift and diffusion there: ẑ₁ = 2y₀ − ẑ₀ + h f₀ + g₀ W, y₁ = y₀ + h (f₀ + f₁)/2 + (g₀ + g₁) W/2. */
export function reversibleHeunMethod(fields: SdeFields): SdeMethod {
  return {
    begin: (t, y) => [...y, ...fields.drift(t, y), ...fields.diffusion(t, y)],
    evaluations: { begin: 1, step: 1 },
    step: ({ tNext, h, y, memory, noise: { W } }) => {
      const count = y.length;
      const part = (n: number): readonly Tensor[] => memory.slice(n * count, (n + 1) * count);
      const [z, f, g] = [part(0), part(1), part(2)];
      const doubled = y.map((x, k) => x.mul(2).sub(z[k]!));
      const zNext = plus(plus(doubled, scaled(h, f)), fields.times(g, W));
      const [fNext, gNext] = [fields.drift(tNext, zNext), fields.diffusion(tNext, zNext)];
      const next = plus(plus(y, scaled(h.mul(0.5), plus(f, fNext))), fields.times(plus(g, gNext), W.mul(0.5)));
      return { y: next, memory: [...zNext, ...fNext, ...gNext] };
    },
    undo: ({ t, h, y, memory, noise: { W } }) => {
      const count = y.length;
      const part = (n: number): readonly Tensor[] => memory.slice(n * count, (n + 1) * count);
      const [z, f, g] = [part(0), part(1), part(2)];
      const negative = W.neg();
      const doubled = y.map((x, k) => x.mul(2).sub(z[k]!));
      const zBefore = plus(plus(doubled, scaled(h.neg(), f)), fields.times(g, negative));
      const [fBefore, gBefore] = [fields.drift(t, zBefore), fields.diffusion(t, zBefore)];
      const moved = plus(y, scaled(h.mul(-0.5), plus(f, fBefore)));
      const before = plus(moved, fields.times(plus(g, gBefore), negative.mul(0.5)));
      return { y: before, memory: [...zBefore, ...fBefore, ...gBefore] };
    },
  };
}

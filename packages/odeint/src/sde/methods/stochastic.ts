import type { Tensor } from "@dzdt/tensor";
import type { SdeFields } from "../fields";
import type { StochasticTableau } from "../tableau";
import { combination, plus, scaled, type SdeMethod, timeWithin, weighted } from "./method";

/** A stochastic Runge–Kutta method from its tableau. */
export function stochasticMethod(tableau: StochasticTableau, fields: SdeFields): SdeMethod {
  const { a, b, c, w, levy } = tableau;
  const last = b.length;
  const driftRows = [...a, b];
  const weightsOf = (i: number): { w: readonly number[]; levy: readonly number[] | undefined } => ({
    w: i === last ? w.b : w.a[i]!,
    levy: levy && (i === last ? levy.b : levy.a[i]!),
  });
  const rows = Array.from({ length: last + 1 }, (_, i) => weightsOf(i));
  const usesDrift = b.map((_, j) => driftRows.some((row) => (row[j] ?? 0) !== 0));
  const usesDiffusion = b.map((_, j) => rows.some((row) => (row.w[j] ?? 0) !== 0 || (row.levy?.[j] ?? 0) !== 0));
  return {
    begin: () => [],
    evaluations: { begin: 0, step: usesDrift.filter((used) => used).length },
    step: (step) => {
      const { y, h, noise } = step;
      const f: (readonly Tensor[] | undefined)[] = [];
      const g: (readonly Tensor[] | undefined)[] = [];
      const state = (i: number): Tensor[] => {
        let z = plus(y, scaled(h, weighted(driftRows[i]!, f)));
        const row = rows[i]!;
        row.w.forEach((weight, j) => {
          const dw = combination([
            [weight, noise.W],
            [row.levy?.[j] ?? 0, noise.H],
          ]);
          if (dw) z = plus(z, fields.times(g[j]!, dw));
        });
        return z;
      };
      for (let i = 0; i < last; i++) {
        if (!usesDrift[i] && !usesDiffusion[i]) {
          f.push(undefined);
          g.push(undefined);
          continue;
        }
        const [t, z] = [timeWithin(step, c[i]!), state(i)];
        f.push(usesDrift[i] ? fields.drift(t, z) : undefined);
        g.push(usesDiffusion[i] ? fields.diffusion(t, z) : undefined);
      }
      return { y: state(last), memory: [] };
    },
  };
}

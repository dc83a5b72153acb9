import { isFinite, linalg, matmul, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { nullSpacesOf } from "./mass";
import { newton } from "./newton";
import { rooted } from "./root";
import type { VectorSystem } from "./vector";

/**
 * The state with the same M y that meets the algebraic equations of M dy/dt = f(t, y), which Q f = 0 are with the projector Q on the null space of Mᵀ:
 * by Newton's method on M (x − y) + Q f(t, x) = 0, with the derivatives of the implicit function. A state that meets them but for rounding stays as it
 * is, and so does one from which there is no convergence. Undefined without a mass matrix. To be called while tracing.
 */
export function consistentBy(system: VectorSystem): ((t: Tensor, y: readonly Tensor[]) => Tensor[]) | undefined {
  const { mass, n, field, linearize, narrowest, ravel, unravel } = system;
  if (!mass || n === 0) return undefined;
  const rounding = narrowest === "float64" ? 2 ** -46 : 2 ** -18;
  return (t, leaves) => {
    const y = ravel(leaves);
    const { ofLeft } = nullSpacesOf(mass);
    const residual = (at: Tensor, from: Tensor, weight: Tensor, x: Tensor): Tensor =>
      matmul(weight, x.sub(from)).add(matmul(ofLeft, field(at, x)));
    const [at, from, weight] = [t, y, mass].map((x) => stopGradient(x)) as [Tensor, Tensor, Tensor];
    const size = (change: Tensor, x: Tensor): Tensor => {
      const [part, all] = [change.abs(), x.abs().add(change.abs())];
      return where(part.equal(0), 0, part.div(all.add(all.max().mul(1e-3)))).max();
    };
    const { x } = newton({
      start: from,
      correction: (x) =>
        linalg.solve(weight.add(matmul(ofLeft, linearize(at, x).jacobian)), residual(at, from, weight, x).neg()),
      size,
      tolerance: Math.sqrt(rounding) / 16,
      maxIterations: 30,
      rate: from.sum().mul(0).add(1),
      exact: true,
    });
    const found = isFinite(x).all();
    const moved = found.and(size(x.sub(from), x).greater(rounding));
    return unravel(rooted((x) => where(found, residual(t, y, mass, x), x.sub(y)), stopGradient(where(moved, x, from))));
  };
}

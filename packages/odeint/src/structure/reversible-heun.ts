import { cast, type Tensor } from "@dzdt/tensor";
import { hermite } from "../interpolation";
import type { Method } from "../step";
import type { Parts } from "../stepper";

/** Steps of the reversible Heun method. `memory` is the slope at the state's companion ŷ, then ŷ itself: ŷ₁ = 2y₀ − ŷ₀ + h f₀, y₁ = y₀ + h (f₀ + f₁)/2. */
export function reversibleHeunSteps({ field, state }: Parts): Method {
  const count = state.leaves.length;
  const scaled = (h: Tensor, slopes: readonly Tensor[]): Tensor[] =>
    slopes.map((slope) => slope.mul(cast(h, slope.dtype)));
  const sum = (x: readonly Tensor[], y: readonly Tensor[]): Tensor[] => x.map((leaf, k) => leaf.add(y[k]!));
  const less = (x: readonly Tensor[], y: readonly Tensor[]): Tensor[] => x.map((leaf, k) => leaf.sub(y[k]!));
  const double = (x: readonly Tensor[]): Tensor[] => x.map((leaf) => leaf.mul(2));
  return {
    name: "reversibleHeun",
    errorOrder: 2,
    derivative: true,
    dense: [...state.leaves, ...state.leaves],
    evaluations: { begin: 1, attempt: 1, interpolate: 0 },
    begin: (t, y) => [...field(t, y), ...y],
    slope: (t, y) => field(t, y),
    attempt: (_t, tNext, h, y, memory) => {
      const [slope, companion] = [memory.slice(0, count), memory.slice(count)];
      const ahead = sum(less(double(y), companion), scaled(h, slope));
      const next = field(tNext, ahead);
      const half = h.mul(0.5);
      return {
        y: sum(y, scaled(half, sum(slope, next))),
        memory: [...next, ...ahead],
        errors: [scaled(half, less(next, slope))],
        dense: [...y, ...slope],
      };
    },
    undo: (t, _tNext, h, y, memory) => {
      const [slope, companion] = [memory.slice(0, count), memory.slice(count)];
      const behind = less(less(double(y), companion), scaled(h, slope));
      const before = field(t, behind);
      return { y: less(y, scaled(h.mul(0.5), sum(before, slope))), memory: [...before, ...behind] };
    },
    interpolate: ({ s, h, y, memory, dense }) =>
      hermite({ s, h, end: y }, dense.slice(0, count), dense.slice(count), memory.slice(0, count)),
  };
}

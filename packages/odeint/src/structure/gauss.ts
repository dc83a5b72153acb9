import { cast, concat, maximum, stopGradient, type Tensor } from "@dzdt/tensor";
import { factorized } from "../implicit/linear";
import { consistentBy } from "../implicit/consistent";
import { slopeOf } from "../implicit/mass";
import { rooted } from "../implicit/root";
import { identityLike, vectorSystem, type VectorSystem } from "../implicit/vector";
import { combine, polynomial, shifted } from "../interpolation";
import type { Method } from "../step";
import type { Parts } from "../stepper";
import type { GaussSolver } from "./gauss-tableau";
import { lagrange } from "./lagrange";
import { solveStages } from "./stages";

/**
 * Steps of a Gauss–Legendre method. `memory` is the slopes of the last step's stages and its length: the polynomial through them, beyond its end, is
 * the first guess of the next. Stages are solved for their slopes, of which rounding is least, and have the derivatives of the implicit function.
 */
export function gaussMethod(solver: GaussSolver, parts: Parts): Method {
  const system = vectorSystem(parts);
  const { a, b, c, stages, dense } = solver;
  const { n, dtype, narrowest, ravel, unravel, field, linearize, mass } = system;
  const vector = { dtype, shape: [n] };
  const count = a.map(() => vector);
  const weights = shifted({ kind: "polynomial", order: stages, coefficients: dense });
  const each = (k: Tensor): Tensor[] => count.map((_, i) => k.slice([i * n], [(i + 1) * n]));
  const all = (k: readonly Tensor[]): Tensor => (k.length === 1 ? k[0]! : concat([...k], 0));
  const times = (x: Tensor): Tensor => (mass ? mass.matmul(x) : x);
  const slope = slopeOf(system);
  const bases = lagrange(c.map((node) => node - 1));
  /** The last step's slopes as a polynomial, at distances from its end in units of its length. */
  const extrapolated = (k: readonly Tensor[], places: readonly Tensor[]): Tensor[] => {
    const coefficients = c.map((_, m) =>
      combine(
        bases.map((base) => base[m]!),
        k,
      ),
    );
    return places.map((place) =>
      coefficients.reduceRight<Tensor | undefined>((sum, x) => (sum ? sum.mul(place).add(x!) : x), undefined)!,
    );
  };

  /** The stages' equations M kᵢ = f(tᵢ, y + h Σ aᵢⱼkⱼ) from a state, for a step's length and times of the stages. */
  const equations = (from: Tensor, by: Tensor, when: readonly Tensor[]) => {
    const states = (k: Tensor): Tensor[] => a.map((row) => from.add(combine(row, each(k))!.mul(by)));
    const slopes = (k: Tensor): Tensor => all(states(k).map((y, i) => field(when[i]!, y)));
    const residual = (k: Tensor): Tensor => all(each(k).map(times)).sub(slopes(k));
    /** Of the residual: in row i and column j M δᵢⱼ − h aᵢⱼ Jᵢ. */
    const jacobian = (k: Tensor): Tensor =>
      all(
        states(k).map((y, i) => {
          const own = linearize(when[i]!, y).jacobian.mul(by);
          const blocks = a[i]!.map((w, j) => (i === j ? own.mul(-w).add(mass ?? identityLike(from, n)) : own.mul(-w)));
          return blocks.length === 1 ? blocks[0]! : concat(blocks, 1);
        }),
      );
    return { slopes, residual, jacobian };
  };

  const step = (
    t: Tensor,
    h: Tensor,
    y: readonly Tensor[],
    guess: readonly Tensor[],
  ): { y: Tensor; k: Tensor[]; count: Tensor } => {
    const [from, by] = [ravel(y), cast(h, dtype)];
    const when = c.map((node) => t.add(h.mul(node)));
    const [still, length] = [stopGradient(from), stopGradient(by)];
    const { slopes, residual, jacobian } = equations(
      still,
      length,
      when.map((time) => stopGradient(time)),
    );
    const found = solveStages({
      start: all(guess),
      image: mass ? undefined : slopes,
      correction: (k) => factorized(jacobian(k))(residual(k).neg()),
      size: sizesOf(system, parts, still, length, each),
      dtype,
      narrowest,
    });
    const k = each(rooted(equations(from, by, when).residual, stopGradient(found.k)));
    return { y: from.add(combine(b, k)!.mul(by)), k, count: found.count.mul(stages) };
  };

  return {
    name: solver.name,
    errorOrder: undefined,
    derivative: false,
    dense: count,
    counted: true,
    evaluations: { begin: 1, attempt: 0, interpolate: 0 },
    begin: (t, y) => {
      // A singular mass matrix has no slopes.
      const first = stopGradient(mass ? ravel(y).mul(0) : slope(t, ravel(y)));
      return [...count.map(() => first), cast(stopGradient(t).mul(0).add(1), dtype)];
    },
    slope: (t, y) => unravel(slope(t, ravel(y))),
    consistent: consistentBy(system),
    attempt: (t, _tNext, h, y, memory) => {
      const [last, length] = [memory.slice(0, stages), stopGradient(cast(h, dtype))];
      const ratio = length.div(memory[stages]!);
      const guess = extrapolated(
        last,
        c.map((node) => ratio.mul(node)),
      );
      const found = step(t, h, y, guess);
      return {
        y: unravel(found.y),
        memory: [...found.k.map((x) => stopGradient(x)), length],
        errors: [],
        dense: found.k,
        evaluations: found.count,
      };
    },
    undo: (_t, tNext, h, y, memory) => {
      // The same stages, from the last to the first.
      const found = step(tNext, h.neg(), y, memory.slice(0, stages).reverse());
      const k = found.k.map((x) => stopGradient(x)).reverse();
      const zero = k[0]!.sum().mul(0);
      const before = extrapolated(
        k,
        c.map((node) => zero.add(node - 2)),
      );
      return { y: unravel(found.y), memory: [...before, stopGradient(cast(h, dtype))] };
    },
    interpolate: ({ s, h, y, dense: k }) =>
      unravel(
        polynomial(
          { s, h, end: [ravel(y)] },
          weights,
          k.map((x) => [x]),
        )[0]!,
      ),
  };
}

/** How large changes of slopes are, times the step, beside the state and what it moves by: each leaf by its own largest component, and of leaves the largest. */
function sizesOf(
  { unravel, dtype }: VectorSystem,
  { about }: Parts,
  start: Tensor,
  by: Tensor,
  each: (k: Tensor) => Tensor[],
): (change: Tensor, k: Tensor) => Tensor {
  const least = dtype === "float64" ? 1e-290 : 1e-30;
  const most = (list: readonly Tensor[]): Tensor => list.reduce((x, y) => maximum(x, y));
  const largest = (vector: Tensor): Tensor[] =>
    unravel(vector)
      .filter((x) => x.size > 0)
      .map((x) => cast(x.abs().max(), dtype));
  /** Of all stages, by leaves. */
  const ofStages = (k: Tensor): Tensor[] => {
    const stages = each(k).map(largest);
    return stages[0]!.map((_, leaf) => most(stages.map((leaves) => leaves[leaf]!)).mul(by.abs()));
  };
  const state = unravel(start).map((x, k) => (about ? x.add(stopGradient(about[k]!)) : x));
  const scales = state.filter((x) => x.size > 0).map((x) => cast(x.abs().max(), dtype));
  return (change, k) => {
    const moved = ofStages(k);
    const parts = ofStages(change).map((x, leaf) => x.div(scales[leaf]!.add(moved[leaf]!).maximum(least)));
    return parts.length > 0 ? most(parts) : by.mul(0);
  };
}

import type { Tensor } from "@dzdt/tensor";
import { hermite } from "./interpolation";
import { checkOptions } from "./options";
import type { Method } from "./step";
import type { Parts, StepperSolver } from "./stepper";
import { deepFreeze, type ExplicitSolver } from "./tableau";

/** What may be chosen of a reversible method. */
export interface ReversibleOptions {
  /**
   * λ in (0, 1]: how little of the second state is mixed into the first. Where the solution decays at a rate r, steps are stable about as long as
   * r · dt is below 1 − λ; but the way back divides rounding errors by λ at each step. @defaultValue 0.999
   */
  readonly coupling?: number;
}

/** An explicit solver made reversible. */
export interface ReversibleSolver extends StepperSolver {
  readonly solver: ExplicitSolver;
  readonly coupling: number;
  /** The same with other choices. */
  with(options: ReversibleOptions): ReversibleSolver;
}

/**
 * A method of the same order whose steps can be undone from the state and its companion z, exactly but for rounding:
 * y₁ = λy₀ + (1 − λ)z₀ + Ψ(h, z₀), z₁ = z₀ − Ψ(−h, y₁), where Ψ is what a step of the solver adds. Twice the solver's evaluations a step; its error
 * estimate, if it has one, is that of Ψ(h, z₀). Dense output is the cubic Hermite polynomial.
 * McCallum and Foster 2024, arXiv:2410.11648.
 * @param solver an explicit Runge–Kutta method
 * @throws TypeError for another solver; RangeError
 * @example odeint(field, y0, ts, { solver: makeReversible(tsit5) })
 */
export function makeReversible(solver: ExplicitSolver, options: ReversibleOptions = {}): ReversibleSolver {
  checkOptions("makeReversible", options, ["coupling"]);
  const { coupling = 0.999 } = options;
  const { kind, name } = (solver ?? {}) as { readonly kind?: unknown; readonly name?: unknown };
  if (kind !== "explicit")
    throw new TypeError(
      `makeReversible: ${typeof name === "string" ? name : typeof solver} is no explicit Runge–Kutta method; give one such as tsit5 or rk4: symmetric solvers (leapfrog, gauss4) and reversibleHeun are reversible as they are`,
    );
  if (!(coupling > 0 && coupling <= 1))
    throw new RangeError(`makeReversible: coupling is ${coupling}; give a number in (0, 1]`);
  const made: ReversibleSolver = deepFreeze({
    kind: "stepper" as const,
    name: `makeReversible(${solver.name})`,
    order: solver.order,
    adaptive: solver.bError !== undefined,
    implicit: false,
    reference: `McCallum and Foster 2024, arXiv:2410.11648; ${solver.reference}`,
    solver,
    coupling,
    with: (changes: ReversibleOptions) => makeReversible(solver, { coupling, ...changes }),
    method: (parts) => reversibleMethod(made, parts),
  });
  return made;
}

/** `memory` is the derivative at the state, then the companion z. */
function reversibleMethod({ name, solver, coupling }: ReversibleSolver, parts: Parts): Method {
  const base = parts.methodOf(solver);
  const { field, state } = parts;
  const count = state.leaves.length;
  const zip = (x: readonly Tensor[], y: readonly Tensor[], of: (x: Tensor, y: Tensor) => Tensor): Tensor[] =>
    x.map((leaf, k) => of(leaf, y[k]!));
  const sum = (x: readonly Tensor[], y: readonly Tensor[]): Tensor[] => zip(x, y, (a, b) => a.add(b));
  const less = (x: readonly Tensor[], y: readonly Tensor[]): Tensor[] => zip(x, y, (a, b) => a.sub(b));
  /** What a step adds, and its errors. */
  const psi = (t: Tensor, tNext: Tensor, h: Tensor, y: readonly Tensor[], slope: readonly Tensor[]) => {
    const tried = base.attempt(t, tNext, h, y, slope);
    return { by: less(tried.y, y), errors: tried.errors };
  };
  return {
    name,
    errorOrder: base.errorOrder,
    derivative: true,
    dense: [...state.leaves, ...state.leaves],
    evaluations: { begin: 1, attempt: 2 * solver.stages, interpolate: 0 },
    begin: (t, y) => [...field(t, y), ...y],
    slope: (t, y) => field(t, y),
    attempt: (t, tNext, h, y, memory) => {
      const [slope, z] = [memory.slice(0, count), memory.slice(count)];
      const ahead = psi(t, tNext, h, z, field(t, z));
      // λy + (1 − λ)z, without rounding where the two are the same.
      const mixed = coupling === 1 ? y : zip(y, z, (a, b) => a.add(b.sub(a).mul(1 - coupling)));
      const next = sum(mixed, ahead.by);
      const derivative = field(tNext, next);
      const back = psi(tNext, t, h.neg(), next, derivative);
      return {
        y: next,
        memory: [...derivative, ...less(z, back.by)],
        errors: ahead.errors,
        dense: [...y, ...slope],
      };
    },
    undo: (t, tNext, h, y, memory) => {
      const [slope, after] = [memory.slice(0, count), memory.slice(count)];
      const z = sum(after, psi(tNext, t, h.neg(), y, slope).by);
      const rest = less(y, psi(t, tNext, h, z, field(t, z)).by);
      const before = coupling === 1 ? rest : zip(rest, z, (a, b) => a.sub(b.sub(a).mul((1 - coupling) / coupling)));
      return { y: before, memory: [...field(t, before), ...z] };
    },
    interpolate: ({ s, h, y, memory, dense }) =>
      hermite({ s, h, end: y }, dense.slice(0, count), dense.slice(count), memory.slice(0, count)),
  };
}

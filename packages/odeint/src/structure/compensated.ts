import { stopGradient, type Tensor, tree, type Tree, zerosLike } from "@dzdt/tensor";
import { hamiltonian, type HamiltonianField, separable, type SeparableField } from "../hamiltonian";
import { adviceOf, isImplicit, methodOf, type Solver } from "../solver";
import type { Method } from "../step";
import type { Parts, StepperSolver } from "../stepper";
import type { VectorField } from "../vectorField";

/** What a solve with compensated sums does beyond others. */
export interface Compensation {
  readonly isTranslatable: typeof isTranslatable;
  readonly solver: typeof compensatedSolver;
}

/** Can a solver's steps be summed with compensation? */
const isTranslatable = (solver: Solver): boolean =>
  solver.kind === "explicit" ||
  solver.kind === "symplectic" ||
  (solver.kind === "stepper" && solver.translatable === true);

/** A solver with compensated sums. */
function compensatedSolver(solver: Solver): StepperSolver {
  const advice = adviceOf(solver);
  return {
    kind: "stepper",
    name: solver.name,
    order: solver.order,
    adaptive: false,
    implicit: isImplicit(solver),
    reference: solver.reference,
    ...(advice ? { advice } : {}),
    method: (parts) => compensatedMethod(solver, parts),
  };
}

/** Controllers bring it along, so that programs of solves that are not told their controller are without it. */
export const compensation: Compensation = { isTranslatable, solver: compensatedSolver };

/**
 * Steps that carry what their sums round away. A step is taken in what the state changes by, and added to the state together with the rest of the
 * sum before. What is left are roundings within steps, smaller than those of the state as its changes are smaller than itself.
 * `memory` is the method's, then the rest. Kahan 1965, doi:10.1145/363707.363723; Hairer, Lubich and Wanner 2006, VIII.5.
 */
function compensatedMethod(solver: Solver, parts: Parts): Method {
  const { undo: _, ...plain } = methodOf(solver, parts);
  const count = parts.state.leaves.length;
  const from = (base: readonly Tensor[]): Method => methodOf(solver, translated(parts, base));
  const split = (list: readonly Tensor[]): [Tensor[], Tensor[]] => [list.slice(0, -count), list.slice(-count)];
  return {
    ...plain,
    dense: [...plain.dense, ...parts.state.leaves],
    begin: (t, y) => [...plain.begin(t, y), ...y.map((x) => zerosLike(x))],
    attempt: (t, tNext, h, y, memory) => {
      const [own, rest] = split(memory);
      const tried = from(y).attempt(
        t,
        tNext,
        h,
        y.map((x) => zerosLike(x)),
        own,
      );
      const sums = y.map((x, k) => exactSum(x, tried.y[k]!.add(rest[k]!)));
      return {
        ...tried,
        y: sums.map(({ sum }) => sum),
        memory: [...tried.memory, ...sums.map((each) => stopGradient(each.rest))],
        dense: [...tried.dense, ...y],
      };
    },
    interpolate: (step) => {
      const [dense, base] = split(step.dense);
      const end = step.y.map((x, k) => x.sub(base[k]!));
      const found = from(base).interpolate({ ...step, y: end, memory: split(step.memory)[0], dense });
      return step.y.map((x, k) => x.add(found[k]!.sub(end[k]!)));
    },
  };
}

/** x + y rounded, and exactly what rounding took. Knuth 1997, 4.2.2, theorem B. */
function exactSum(x: Tensor, y: Tensor): { sum: Tensor; rest: Tensor } {
  const sum = x.add(y);
  const part = sum.sub(x);
  return { sum, rest: x.sub(sum.sub(part)).add(y.sub(part)) };
}

/** A problem with its states measured from one of them. */
function translated(parts: Parts, base: readonly Tensor[]): Parts {
  const at = (leaves: readonly Tensor[]): Tensor[] => leaves.map((x, k) => base[k]!.add(x));
  const { field, jacobian, given, state } = parts;
  const origin = tree.unflatten<never>(state.structure, base);
  return {
    ...parts,
    field: (t, y) => field(t, at(y)),
    jacobian: jacobian && ((t, y) => jacobian(t, at(y))),
    given: translatedField(given, origin),
    about: base,
  };
}

function translatedField(given: VectorField<never, never>, origin: never): VectorField<never, never> {
  const { q, p } = origin as { readonly q: Tree; readonly p: Tree };
  if ("parts" in given) {
    const { velocity, force } = (given as unknown as SeparableField<Tree, Tree, never>).parts;
    return separable<Tree, Tree, never>({
      velocity: (x, args) => velocity(added(p, x), args),
      force: (x, args) => force(added(q, x), args),
    });
  }
  if ("energy" in given) {
    const { energy } = given as unknown as HamiltonianField<Tree, Tree, never>;
    return hamiltonian<Tree, Tree, never>((x, y, args) => energy(added(q, x), added(p, y), args));
  }
  return (t, y, args) => given(t, added(origin, y) as never, args);
}

function added(x: Tree, y: Tree): Tree {
  const [base, change] = [tree.flatten(x), tree.flatten(y)];
  return tree.unflatten(
    change.structure,
    change.leaves.map((leaf, k) => (base.leaves[k] as Tensor).add(leaf as Tensor)),
  );
}

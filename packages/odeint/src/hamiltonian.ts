import { grad, jacobian, jvp } from "@dzdt/autograd";
import { type Aval, cast, linalg, ShapeError, type Tape, Tensor, trace, tree, type Tree } from "@dzdt/tensor";
import { hermite } from "./interpolation";
import type { Method } from "./step";
import type { SplittingStage, SymplecticSolver } from "./tableau";
import { derivative, type Leafwise, type StateType, traced, type VectorField } from "./vectorField";

/** The two halves of a separable Hamiltonian field. */
export interface SeparableParts<Q, P, A> {
  /** dq/dt = ∂T/∂p, a tree like q. */
  readonly velocity: (p: P, args: A) => Tree;
  /** dp/dt = −∂V/∂q, a tree like p. */
  readonly force: (q: Q, args: A) => Tree;
}

/** A field of `{ q, p }` that symplectic solvers can split, and that all others take as it is. */
export type SeparableField<Q, P, A> = VectorField<{ q: Q; p: P }, A> & { readonly parts: SeparableParts<Q, P, A> };

/** An energy of positions and momenta. */
export type Energy<Q, P, A> = (q: Q, p: P, args: A) => Tensor;

/** A field of `{ q, p }` made from its energy. */
export type HamiltonianField<Q, P, A> = VectorField<{ q: Q; p: P }, A> & { readonly energy: Energy<Q, P, A> };

/**
 * The field of H(q, p) = T(p) + V(q) from its two halves.
 * @example separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.neg() }) // the harmonic oscillator
 */
export function separable<Q = Tensor, P = Q, A = undefined>(parts: SeparableParts<Q, P, A>): SeparableField<Q, P, A> {
  const field: VectorField<{ q: Q; p: P }, A> = (_t, y, args) => {
    checkPhases("separable", y);
    return { q: parts.velocity(y.p, args), p: parts.force(y.q, args) };
  };
  return Object.assign(field, { parts });
}

/**
 * The field of an energy: dq/dt = ∂H/∂p, dp/dt = −∂H/∂q. Symplectic solvers take it if H is a sum T(p) + V(q), which they check.
 * @param energy (q, p, args) → scalar
 */
export function hamiltonian<Q = Tensor, P = Q, A = undefined>(energy: Energy<Q, P, A>): HamiltonianField<Q, P, A> {
  const field: VectorField<{ q: Q; p: P }, A> = (_t, y, args) => {
    checkPhases("hamiltonian", y);
    return slopes(energy, y.q, y.p, args);
  };
  return Object.assign(field, { energy });
}

/** @throws ShapeError for states without positions and momenta by these names */
function checkPhases(where: string, y: unknown): void {
  const keys = y instanceof Tensor ? [] : Object.keys(y as object);
  if (!keys.includes("q") || !keys.includes("p"))
    throw new ShapeError(
      `${where}: the state is ${y instanceof Tensor ? "one tensor" : `{ ${keys.join(", ")} }`}; give y0 as { q, p }, positions and momenta`,
    );
}

function slopes<Q, P, A>(energy: Energy<Q, P, A>, q: Q, p: P, args: A): { q: Tree; p: Tree } {
  const both = grad(energy, [0, 1] as const)(q, p, args) as unknown as [Tree, Tree];
  return { q: both[1], p: tree.map((x): Tree => x.neg(), both[0]) };
}

/**
 * The field of a Lagrangian with state `{ q, v }`, two tensors of one shape: dq/dt = v, dv/dt = a with
 * (∂²L/∂v²) a = ∂L/∂q − (∂²L/∂v∂q) v. Cost: n + 2 derivatives and an n × n linear system per evaluation.
 * @param lagrange (q, v, args) → scalar
 */
export function lagrangian<A = undefined>(
  lagrange: (q: Tensor, v: Tensor, args: A) => Tensor,
): VectorField<{ readonly q: Tensor; readonly v: Tensor }, A> {
  return (_t, { q, v }, args) => {
    if (!(q instanceof Tensor && v instanceof Tensor))
      throw new ShapeError("lagrangian: q and v are tensors of one shape; stack the parts of a tree");
    const n = q.size;
    const shaped = (x: Tensor): Tensor => x.reshape(q.shape);
    const momentum = (at: Tensor, speed: Tensor): Tensor =>
      grad((w: Tensor) => lagrange(shaped(at), shaped(w), args))(speed);
    const [flatQ, flatV] = [q.reshape([n]), v.reshape([n])];
    const pull = grad((at: Tensor) => lagrange(shaped(at), v, args))(flatQ);
    const mass = jacobian((w: Tensor) => momentum(flatQ, w))(flatV);
    const [, drift] = jvp((at: Tensor) => momentum(at, flatV), [flatQ], [flatV]);
    return { q: v, v: shaped(linalg.solve(mass, pull.sub(drift))) };
  };
}

/** Which leaves are momenta and which positions: keys of trees are sorted. */
interface Phases {
  readonly p: StateType;
  readonly q: StateType;
}

/** Steps of kicks and drifts. `memory` is the last force (or velocity), when the next step begins with it. */
export function splittingMethod(
  solver: SymplecticSolver,
  field: VectorField<never, never>,
  args: unknown,
  state: StateType,
): Method {
  const phases = phasesOf(solver, state);
  const parts = halvesOf(solver, field, args, phases);
  const count = phases.p.leaves.length;
  const { sequence } = solver;
  const [first, last] = [sequence[0]![0], sequence.at(-1)![0]];
  const kept = first === last;
  const slope = (kind: SplittingStage[0], y: readonly Tensor[]): Tensor[] =>
    kind === "kick" ? parts.force(y.slice(count)) : parts.velocity(y.slice(0, count));
  const all = (y: readonly Tensor[]): Tensor[] => [...slope("kick", y), ...slope("drift", y)];
  const kicks = solver.forceEvaluations;
  const method: Method = {
    name: solver.name,
    errorOrder: undefined,
    derivative: false,
    dense: state.leaves,
    evaluations: {
      begin: kept && first === "kick" ? 1 : 0,
      attempt: kept && first === "kick" ? kicks - 1 : kicks,
      interpolate: 2,
    },
    begin: (_t, y) => (kept ? slope(first, y) : []),
    slope: (_t, y) => all(y),
    attempt: (_t, _tNext, h, y, memory) => {
      let now = [...y];
      let latest = memory;
      sequence.forEach(([kind, weight], i) => {
        latest = i === 0 && kept ? memory : slope(kind, now);
        const from = kind === "kick" ? 0 : count;
        now = now.map((x, k) => {
          const rate = latest[k - from];
          return rate && k >= from ? x.add(rate.mul(cast(h, x.dtype).mul(weight))) : x;
        });
      });
      return { y: now, memory: kept ? latest : [], errors: [], dense: [...y] };
    },
    interpolate: ({ s, h, y, dense }) => hermite({ s, h, end: y }, dense, all(dense), all(y)),
  };
  if (!solver.symmetric) return method;
  // The same steps, backwards.
  return { ...method, undo: (t, tNext, h, y, memory) => method.attempt(tNext, t, h.neg(), y, memory) };
}

function phasesOf(solver: SymplecticSolver, state: StateType): Phases {
  const { structure } = state;
  const keys = structure === null || Array.isArray(structure) ? [] : Object.keys(structure);
  if (keys.join() !== "p,q")
    throw new ShapeError(
      `odeint: ${solver.name} is symplectic and steps states { q, p }; give y0 as such, or use a solver such as tsit5`,
    );
  const named = structure as { readonly [name: string]: tree.Structure };
  const half = (name: "p" | "q"): StateType => {
    const picked = state.leaves.map((_, k) => k).filter((k) => /^\.?[pq]/.exec(state.paths[k]!)![0].endsWith(name));
    return {
      structure: named[name]!,
      leaves: picked.map((k) => state.leaves[k]!),
      paths: picked.map((k) => state.paths[k]!),
    };
  };
  return { p: half("p"), q: half("q") };
}

function halvesOf(
  solver: SymplecticSolver,
  field: VectorField<never, never>,
  args: unknown,
  { p, q }: Phases,
): { velocity: Leafwise; force: Leafwise } {
  const at = (type: StateType, leaves: readonly Tensor[]): never => tree.unflatten<never>(type.structure, leaves);
  if ("parts" in field) {
    const { velocity, force } = (field as unknown as SeparableField<never, never, never>).parts;
    return {
      velocity: traced(
        "velocity",
        (...ps) => derivative("odeint", velocity(at(p, ps), args as never), q, ps[0]!),
        p.leaves,
      ),
      force: traced("force", (...qs) => derivative("odeint", force(at(q, qs), args as never), p, qs[0]!), q.leaves),
    };
  }
  if (!("energy" in field))
    throw new TypeError(
      `odeint: ${solver.name} is symplectic and cannot split a plain field; make it with separable({ velocity, force }) or hamiltonian(H), or use a solver such as tsit5`,
    );
  const { energy } = field as unknown as HamiltonianField<never, never, never>;
  const both = (ps: readonly Tensor[], qs: readonly Tensor[]): { q: Tree; p: Tree } =>
    slopes(energy, at(q, qs), at(p, ps), args as never);
  checkSeparable(solver, both, p, q);
  const zeros = (type: StateType, like: Tensor): Tensor[] =>
    type.leaves.map(({ dtype, shape }) => cast(like.mul(0), dtype).broadcastTo(shape));
  const scalar = (x: Tensor): Tensor => x.sum().stopGradient();
  return {
    velocity: traced(
      "velocity",
      (...ps) => derivative("odeint", both(ps, zeros(q, scalar(ps[0]!))).q, q, ps[0]!),
      p.leaves,
    ),
    force: traced("force", (...qs) => derivative("odeint", both(zeros(p, scalar(qs[0]!)), qs).p, p, qs[0]!), q.leaves),
  };
}

/** @throws TypeError unless the force is a function of q alone, and the velocity of p alone */
function checkSeparable(
  solver: SymplecticSolver,
  both: (ps: readonly Tensor[], qs: readonly Tensor[]) => { q: Tree; p: Tree },
  p: StateType,
  q: StateType,
): void {
  const count = p.leaves.length;
  const types: Aval[] = [...p.leaves, ...q.leaves];
  const { tape } = trace(
    "hamiltonian",
    (...ins) => {
      const slope = both(ins.slice(0, count), ins.slice(count));
      return [...derivative("odeint", slope.p, p, ins[0]!), ...derivative("odeint", slope.q, q, ins[0]!)];
    },
    types,
  );
  const fromP = reachable(tape, tape.inputs.slice(0, count));
  const fromQ = reachable(tape, tape.inputs.slice(count, types.length));
  const [forces, velocities] = [tape.outputs.slice(0, count), tape.outputs.slice(count)];
  const mixed = forces.some((id) => fromP.has(id))
    ? "∂H/∂q depends on p"
    : velocities.some((id) => fromQ.has(id))
      ? "∂H/∂p depends on q"
      : undefined;
  if (mixed)
    throw new TypeError(
      `odeint: ${solver.name} needs a Hamiltonian T(p) + V(q), and here ${mixed}; write H as such a sum, give separable({ velocity, force }), or use a solver such as dop853`,
    );
}

/** Values that are computed from some, however. */
function reachable(tape: Tape, from: readonly number[]): Set<number> {
  const known = new Set(from);
  for (const { ins, outs } of tape.nodes) if (ins.some((id) => known.has(id))) outs.forEach((id) => known.add(id));
  return known;
}

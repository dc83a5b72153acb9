import {
  cast,
  defaultTarget,
  type DType,
  DTypeError,
  isFloat,
  Tensor,
  type Tensors,
  trace,
  tree,
  type Tree,
  where,
} from "@dzdt/tensor";
import type { AtOptions } from "./asked";
import type { Controller } from "./controllers/controller";
import { makeEvent, type SolveEvent } from "./events/event";
import type { ImexField } from "./implicit/imex";
import { solveTarget } from "./initial-state";
import { flatResult } from "./leaves";
import { odeint, type OdeintOptions } from "./odeint";
import type { Times } from "./saveAt";
import type { Save, Saves } from "./saves/save";
import { type EventRecord, type Solution, solution, type SolutionParts } from "./solution";
import { type StateField, type StateLike, type VectorField, withTime } from "./vectorField";

/** (t, y, args) → what is integrated along a solve: a scalar, or a tree of floats of any shapes. */
export type Cost<Y, A> = (t: Tensor, y: Y, args: A) => Tree;

/** What was recorded of one event, with the integral up to it. */
export interface QuadratureEvent<Y> extends EventRecord<Y> {
  /** Leaves `[maxEvents, …]`, NaN beyond `count`. */
  readonly integral: Tree;
}

/** A solution with the integral of a cost. */
export interface QuadratureSolution<Y, S = Record<never, never>> extends Omit<Solution<Y, S>, "events"> {
  /** The integral from ts[0] to each of ts: leaves `[T, …]`, `[T, batch, …]` for independent trajectories. */
  readonly integral: Tensor & Tree;
  readonly events: readonly QuadratureEvent<Y>[];
  /** The integral from ts[0] to any times, as `at` gives the state. */
  integralAt(this: void, t: number | Times, options?: AtOptions): Tensor & Tree;
}

/** A solver that integrates a cost as well: what `quadrature` makes. */
export type QuadratureSolver = <
  Y extends StateLike<Y>,
  A = undefined,
  S extends Saves<Tensors<Y>, A> = Record<never, never>,
>(
  field: StateField<Tensors<Y>, A>,
  y0: Y,
  ts: Times,
  options?: OdeintOptions<A, Tensors<Y>> & { readonly saves?: S },
) => QuadratureSolution<Tensors<Y>, S>;

type Real = "float32" | "float64";

/** The state with its integral. */
interface Joined {
  readonly y: never;
  readonly integral: Tree;
}

/**
 * Integrates a cost along a solve. The integral is part of the state: it has the order of the solver and is under its error control, it is exact between
 * events (steps end at those that reset the state), and differentiable like the states.
 * @param cost of one trajectory: with `batch: "independent"` it sees one row of y. Numbers and ints become the state's widest float
 * @returns a solver: (field, y0, ts, options) → the solution as of `odeint`, with `integral`. Per-leaf `rtol` and `atol` are of y; the integral then takes
 * the default ones
 * @throws TypeError with a mass matrix or a symplectic solver, whose states have no place for an integral
 * @example quadrature((t, y: Tensor) => y.square().sum())(field, y0, [0, 1]).integral // [0, ∫|y|² dt]
 */
export function quadrature<C = Tensor, B = undefined>(cost: Cost<C, B>): QuadratureSolver {
  if (typeof cost !== "function")
    throw new TypeError(`quadrature: the cost is ${String(cost)}; give a function (t, y, args) => scalar or tree`);
  return <Y extends StateLike<Y>, A = undefined, S extends Saves<Tensors<Y>, A> = Record<never, never>>(
    field: StateField<Tensors<Y>, A>,
    y0: Y,
    ts: Times,
    options: OdeintOptions<A, Tensors<Y>> & { readonly saves?: S } = {},
  ): QuadratureSolution<Tensors<Y>, S> => {
    if (options.mass !== undefined)
      throw new TypeError(
        "quadrature: a solve with a mass matrix has no place for the integral; solve for dy/dt in the field",
      );
    if (options.solver?.kind === "symplectic")
      throw new TypeError(
        `quadrature: ${options.solver.name} is symplectic and steps states { q, p } alone; use a solver such as dop853, or sum the cost at outputs`,
      );
    const own = cost as unknown as Cost<never, A>;
    const real = tree.leaves(y0).some((x) => x instanceof Tensor && x.dtype === "float64") ? "float64" : "float32";
    const start = { y: y0, integral: zeroOf(own, y0, real, options) } as unknown as Tree;
    const { jacobian: _, events, saves, rtol, atol, onStep, onReject, controller, ...rest } = options;
    const joined = odeint(joinedField(field as never, own, real) as never, start, ts, {
      ...rest,
      ...(onStep && { onStep: (step) => onStep({ ...step, y: (step.y as unknown as Joined).y }) }),
      ...(onReject && { onReject: (step) => onReject({ ...step, y: (step.y as unknown as Joined).y }) }),
      ...(controller && { controller: ofError(controller) }),
      ...(rtol !== undefined && { rtol: tolerance(rtol, start, 1e-6) }),
      ...(atol !== undefined && { atol: tolerance(atol, start, 1e-8) }),
      ...(events && { events: events.map(ofState) }),
      ...(saves && { saves: savesOfState(saves) as never }),
    });
    return separated<Tensors<Y>, S>(joined as unknown as Solution<Joined, S>);
  };
}

/** A tolerance for the state alone; of a tree, with that of the integral beside. */
const tolerance = (given: Tree, start: Tree, usual: number): Tree =>
  typeof given === "number"
    ? given
    : { y: given, integral: tree.map((): Tree => usual, (start as { readonly integral: Tree }).integral) };

/** With a norm of the user's for the error of the state alone; that of the integral is the root of its mean square, and the larger one counts. */
function ofError(given: Controller): Controller {
  if (given.kind !== "adaptive" || typeof given.norm !== "function") return given;
  const own = given.norm;
  const norm = (scaled: Tree): Tensor => {
    const { y, integral } = scaled as unknown as Joined;
    const size = own(y);
    const leaves = tree.leaves(integral) as Tensor[];
    const count = leaves.reduce((sum, x) => sum + x.size, 0);
    if (!(size instanceof Tensor) || size.size !== 1 || count === 0) return size;
    const rest = leaves
      .map((x) => cast(x.square().sum(), size.dtype))
      .reduce((a, b) => a.add(b))
      .div(count)
      .sqrt();
    return where(size.greaterEqual(0), size.maximum(rest), size);
  };
  return { ...given, norm };
}

/** Zeros of the cost's shapes, which are found without computing it. */
function zeroOf<A>(cost: Cost<never, A>, y0: Tree, real: Real, { batch, args }: OdeintOptions<A>): Tree {
  const flat = tree.flatten(y0);
  const leaves = flat.leaves.map((x) =>
    x instanceof Tensor ? x : Tensor.scalar(Number(x), "float32", defaultTarget()),
  );
  const rows = batch === "independent" ? leaves[0]!.shape.slice(0, 1) : [];
  const types = leaves.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(rows.length) }));
  const { run, rebuild } = flatResult((t, ...y) =>
    costOf(cost, t, tree.unflatten<never>(flat.structure, y), args as A, real),
  );
  const target = solveTarget(leaves);
  const { tape } = trace("quadrature", run, [{ dtype: real, shape: [] }, ...types], { target });
  const zeros = tape.outputs.map((id) => {
    const { dtype, shape } = tape.avals[id]!;
    return Tensor.scalar(0, dtype, target).broadcastTo([...rows, ...shape]);
  });
  return rebuild(zeros);
}

/** A cost's leaves as floats. */
function costOf<A>(cost: Cost<never, A>, t: Tensor, y: never, args: A, real: Real): Tree {
  const flat = tree.flatten(cost(t, y, args));
  const leaves = flat.leaves.map((x, k) => {
    if (typeof x === "boolean" || (x instanceof Tensor && x.dtype === "bool"))
      throw new DTypeError(`quadrature: the cost${flat.paths[k]!} is bool; give numbers, as with cast or where`);
    if (!(x instanceof Tensor)) return Tensor.scalar(x, real, t.target);
    return isFloat(x.dtype) && !x.weak ? x : cast(x, real);
  });
  return tree.unflatten<Tree>(flat.structure, leaves);
}

function joinedField<A>(field: VectorField<never, A>, cost: Cost<never, A>, real: Real): VectorField<Joined, A> {
  const rate = (t: Tensor, y: never, args: A): Tree => costOf(cost, t, y, args, real);
  const along =
    (f: VectorField<never, A>): VectorField<Joined, A> =>
    (t, { y }, args) => ({ y: f(t, y, args), integral: rate(t, y, args) });
  const still =
    (f: VectorField<never, A>): VectorField<Joined, A> =>
    (t, { y, integral }, args) => ({ y: f(t, y, args), integral: tree.map((x): Tree => x.mul(0), integral) });
  const joined = "time" in field ? withTime(along(field), field.time as DType) : along(field);
  if (!("imex" in field)) return joined;
  const { explicit, implicit } = (field as unknown as ImexField<never, A>).imex;
  return Object.assign(joined, { imex: { explicit: along(explicit), implicit: still(implicit) } });
}

/** An event of the state as one of the state with its integral, which stays as it is. */
function ofState(given: SolveEvent): SolveEvent {
  const { condition, reset, derivative, direction, terminal, at } = given;
  const parts = {
    ...(direction && { direction }),
    terminal,
    ...(reset && {
      reset: (t: Tensor, { y, integral }: Joined, args: never): Tree => ({ y: reset(t, y, args), integral }),
    }),
    ...(at !== undefined && { at }),
  };
  const watched = condition && ((t: Tensor, { y }: Joined, args: never) => condition(t, y, args));
  return makeEvent<Joined, never>("quadrature", watched, parts, { derivative });
}

/** Saves of the state as those of the state with its integral. */
const savesOfState = (saves: Saves): Saves<Joined> =>
  Object.fromEntries(Object.entries(saves).map(([name, one]) => [name, saveOfState(one)]));

const saveOfState = (given: Save): Save<Joined> => ({
  ...given,
  of: (t, { y }, args) => (given.of ? given.of(t, y, args) : y),
});

function separated<Y, S>(joined: Solution<Joined, S>): QuadratureSolution<Y, S> {
  const { ys, events, ...rest } = joined;
  const parts = {
    ...rest,
    ys: ys.y as Y,
    events: events.map(({ t, y, count }) => ({ t, y: y.y, count, integral: y.integral })),
    integral: ys.integral,
  };
  const found = solution<Y, S>(parts as unknown as SolutionParts<Y, S>, (t, told) => joined.at(t as number, told).y);
  Object.defineProperty(found, "integralAt", {
    value: (t: number | Times, told?: AtOptions) => joined.at(t as number, told).integral,
    enumerable: false,
  });
  return found as unknown as QuadratureSolution<Y, S>;
}

import { cast, printShape, ShapeError, Tensor, type Tensors, tree, where } from "@dzdt/tensor";
import { timeType } from "../at-hand";
import { eachTrajectory } from "../each-trajectory";
import { solveTarget } from "../initial-state";
import { acrossJumps } from "../jumps";
import { odeint, type OdeintOptions } from "../odeint";
import { endsOf, knownSpan, type Pieces, piecewisePath } from "../paths/path";
import { readTimes, type Times } from "../saveAt";
import type { Saves } from "../saves/save";
import type { Solution } from "../solution";
import { checkSolver, isAdaptive, isImplicit, type Solver } from "../solver";
import { tsit5 } from "../solvers";
import type { StepperSolver } from "../stepper";
import { type StateLike, withTime } from "../vectorField";
import { type ControlledField, controlledField } from "./controlled";

/**
 * Solves the controlled equation dy = field(t, y, args) dX(t) from y(ts[0]) = y0 along a path X of finite variation, as dy/dt = field · dX/dt. It does not
 * depend on how fast the path goes. Differentiable with respect to y0, args, what the field closes over and the path, and so the observations that it
 * is made from. Along a path of straight lines steps end where they meet, and begin anew there; those of one length then go on to the next
 * point of their grid. Derivatives by these times need `discretize()`. Steps along curves do not end at their breakpoints, so derivatives with respect to these times are less precise than others.
 * @param field (t, y, args) → a tree like y with an axis more, `[…y, channels]`; traced once
 * @param path of values `[…batch, channels]`; batch axes are the first axes of every leaf of y. Made by `linearPath`, `hermitePath`, `cubicPath`,
 * `rectilinearPath` or `piecewisePath`, or such a path that went through a transformed function
 * @param y0 a tree of floats
 * @param ts strictly increasing or decreasing, within the path
 * @param options as of `odeint`; with `batch: "independent"` axis 0 of the path's coefficients counts trajectories too, and so does that of breakpoints with
 * more than one axis: each has its own path, and steps
 * @throws RangeError for times outside the path (NaN, so that the solve fails, where they are not known); ShapeError, DTypeError, TypeError for what does
 * not fit; SolveError as `odeint`
 * Reference: Kidger, Morrill, Foster and Lyons 2020, "Neural controlled differential equations for irregular time series", arXiv:2005.08926.
 * @example
 * const path = linearPath([0, 1, 2], tensor([[0], [1], [0]]));
 * cdeint((t, y: Tensor) => y.reshape([1, 1]), path, tensor([1]), [0, 1, 2]).ys // [[1], [e], [1]]
 */
export function cdeint<Y extends StateLike<Y>, A = undefined, S extends Saves<Tensors<Y>, A> = Record<never, never>>(
  field: ControlledField<Tensors<Y>, A>,
  path: Pieces,
  y0: Y,
  ts: Times,
  options: OdeintOptions<A, Tensors<Y>> & { readonly saves?: S } = {},
): Solution<Tensors<Y>, S> {
  if (typeof field !== "function")
    throw new TypeError(`cdeint: the field is ${String(field)}; give a function (t, y, args) => […y, channels]`);
  const control = piecewisePath(path ?? {});
  const { breakpoints, coefficients } = control;
  if (options.batch === "independent") {
    checkRows(coefficients[0]!);
    const own = breakpoints.ndim > 1;
    const rows = { y0, coefficients, ...(own && { breakpoints }) };
    return eachTrajectory<Y, typeof rows, S>(
      (row) => cdeint<Y, A, S>(field, { breakpoints, ...row }, row.y0 as Y, ts, { ...options, batch: "shared" }),
      rows,
    );
  }
  const target = solveTarget([breakpoints]);
  const { solver = tsit5 } = options;
  const linear = coefficients.length === 2;
  if (linear && breakpoints.ndim > 1)
    throw new ShapeError(
      `cdeint: breakpoints of shape ${printShape(breakpoints.shape)}, so that each of the path's lines bends at times of its own; give batch: "independent"`,
    );
  return odeint<Y, A, S>(withTime(controlledField(field, control), timeType(target)), started(), ts, {
    ...options,
    solver: linear ? alongLines(solver, breakpoints) : checked(solver),
  });

  /** y0, NaN where times that were not known are outside the path. */
  function started(): Y {
    const times = readTimes("cdeint", "ts", ts, target);
    const span = knownSpan(breakpoints);
    if (span && times.values) {
      const bad = Array.from(times.values).find((t) => !(t >= span.first && t <= span.last));
      if (bad === undefined) return y0;
      throw new RangeError(
        `cdeint: t = ${bad} is outside the path's [${span.first}, ${span.last}]; solve within, or give the path more observations`,
      );
    }
    const { first, last } = endsOf(breakpoints);
    const within = first.max().lessEqual(times.tensor.min()).and(times.tensor.max().lessEqual(last.min()));
    return tree.map((y: unknown) => where(within, y instanceof Tensor ? cast(y, y.dtype) : Number(y), NaN), y0) as Y;
  }
}

function checked(solver: Solver): Solver {
  checkSolver(solver);
  if (solver.kind === "symplectic")
    throw new TypeError(`cdeint: ${solver.name} is for Hamiltonian fields; use a solver such as tsit5 or heun`);
  return solver;
}

/** A solver whose steps end at the breakpoints of a path of straight lines. */
function alongLines(given: Solver, breakpoints: Tensor): StepperSolver {
  const solver = checked(given);
  const { name, order, reference = "" } = solver as StepperSolver;
  return {
    kind: "stepper",
    name,
    order,
    reference,
    adaptive: isAdaptive(solver),
    implicit: isImplicit(solver),
    method: (parts) => acrossJumps(parts.methodOf(solver), breakpoints, undefined, parts.exact),
  };
}

function checkRows({ shape }: Tensor): void {
  if (shape.length < 3)
    throw new ShapeError(
      `cdeint: the path's coefficients have shape ${printShape(shape)}; with batch "independent" axis 0 counts trajectories: give xs as [batch, T, channels]`,
    );
}

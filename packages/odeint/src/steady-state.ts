import { jacfwd } from "@dzdt/autograd";
import { linalg, Tensor, type Tensors, tree, where } from "@dzdt/tensor";
import { atHand } from "./at-hand";
import { event } from "./events/event";
import { rooted } from "./implicit/root";
import { vectorsOf } from "./implicit/vector";
import { readState } from "./initial-state";
import { odeint, type OdeintOptions } from "./odeint";
import { checkOptions } from "./options";
import { rodas5p } from "./solvers";
import { derivative, realOf, type StateField, type StateLike, type StateType } from "./vectorField";

/** Options of {@link steadyState}: those of `odeint` that say how to solve, and: */
export interface SteadyStateOptions<A = undefined> extends Pick<
  OdeintOptions<A>,
  "args" | "solver" | "controller" | "rtol" | "atol" | "maxSteps" | "jacobian"
> {
  /** Until when a state at rest is looked for, positive, in units of time. @defaultValue 1e6 */
  readonly until?: number;
  /** At rest are states of which no component moves faster than this part of its size … @defaultValue 1e-6 (float64), 1e-3 (float32) */
  readonly restRtol?: number;
  /** … or than this, per unit of time. @defaultValue 1e-9 (float64), 1e-6 (float32) */
  readonly restAtol?: number;
}

const names: readonly (keyof SteadyStateOptions)[] = [
  "args",
  "solver",
  "controller",
  "rtol",
  "atol",
  "maxSteps",
  "jacobian",
  "until",
  "restRtol",
  "restAtol",
];

/**
 * Where dy/dt = field(t, y, args) comes to rest from y0: near the first state at which no component of the field is larger than `restAtol + restRtol |y|`,
 * the one where it is 0. It is solved by `rodas5p` unless told: explicit steps never come to rest, but waver about it by their tolerance. Its derivatives
 * are those of the implicit function, dy = −(∂f/∂y)⁻¹ (∂f/∂args) dargs, of any order, in both modes, whatever the way there: none with respect to y0.
 * NaN where no state up to `until` is at rest. Cost of a derivative: one linear system with ∂f/∂y, of all components.
 * @param field does not depend on time
 * @throws SolveError as `odeint`; RangeError where numbers are known and no state is at rest, or for options that cannot be
 * @example steadyState((_t, y, k) => y.mul(y).neg().add(k), tensor(1), { args: tensor(2) }) // √2
 */
export function steadyState<Y extends StateLike<Y>, A = undefined>(
  field: StateField<Tensors<Y>, A>,
  y0: Y,
  options: SteadyStateOptions<A> = {},
): Tensors<Y> {
  checkOptions("steadyState", options, names);
  const { leaves, structure, paths } = readState("steadyState", y0);
  const single = leaves.some((x) => x.dtype === "float32");
  const {
    until = 1e6,
    restRtol = single ? 1e-3 : 1e-6,
    restAtol = single ? 1e-6 : 1e-9,
    solver = rodas5p,
    ...rest
  } = options;
  for (const [name, value] of Object.entries({ until, restRtol, restAtol }))
    if (!(value > 0 && value < Infinity))
      throw new RangeError(`steadyState: ${name} is ${value}; give a positive number`);
  const state: StateType = { structure, paths, leaves: leaves.map(({ dtype, shape }) => ({ dtype, shape })) };
  const { ravel, unravel } = vectorsOf(state);
  const still = leaves.map((x) => x.stopGradient());
  const given = field as unknown as (t: Tensor, y: never, args: A) => never;
  const slopes = (t: Tensor, y: readonly Tensor[]): Tensor[] =>
    derivative("steadyState", given(t, tree.unflatten<never>(structure, y), options.args as A), state, t);
  const resting = (y: readonly Tensor[], slope: readonly Tensor[]): Tensor => {
    const x = ravel(y);
    return ravel(slope).abs().lessEqual(x.abs().mul(restRtol).add(restAtol)).all();
  };
  const rest0 = event((t: Tensor, y: never) => {
    const now = tree.flatten(y).leaves as Tensor[];
    return resting(now, slopes(t, now));
  });
  const { events } = odeint<never, A>(field as never, tree.unflatten<never>(structure, still), [0, until], {
    ...rest,
    solver,
    events: [rest0],
    maxEvents: 1,
  });
  const zero = Tensor.scalar(0, realOf(state), leaves[0]!.target);
  const already = resting(
    still,
    slopes(zero, still).map((x) => x.stopGradient()),
  );
  const ends = (tree.flatten(events[0]!.y).leaves as Tensor[]).map((rows, k) =>
    where(already, still[k]!, rows.slice([0], [1]).reshape(still[k]!.shape)).stopGradient(),
  );
  const found = ravel(ends);
  const numbers = found.tape || already.tape ? undefined : atHand(found);
  if (numbers && Array.from(numbers).some(Number.isNaN))
    throw new RangeError(
      `steadyState: no state up to t = ${until} is at rest; give a later \`until\`, or larger restRtol and restAtol`,
    );
  const residual = (x: Tensor): Tensor => ravel(slopes(x.sum().mul(0), unravel(x)));
  // At rest to the tolerance; two corrections by Newton's method take it to rounding.
  let x = found;
  for (let i = 0; i < 2; i++) x = x.sub(linalg.solve(jacfwd(residual)(x), residual(x))).stopGradient();
  return tree.unflatten<Tensors<Y>>(structure, unravel(rooted(residual, x)));
}

import { type Shape, type Target, Tensor } from "@dzdt/tensor";
import { atHand } from "../at-hand";
import type { KnownTimes } from "../saveAt";
import { strange } from "../solver";
import { realOf, type StateType } from "../vectorField";
import { commutator } from "./commutation";
import { type SdeFields, traceSde } from "./fields";
import { type LangevinField, langevinProblem } from "./langevin";
import { methodOf } from "./methods";
import type { SdeMethod } from "./methods/method";
import { calculi, type Calculus, type Noise, noises, type Sde } from "./sde";
import type { SdeintOptions } from "./sdeint";
import type { LangevinSolver, SdeSolver } from "./solver";
import * as solvers from "./solvers";

/** An equation with its solver. */
export interface Problem {
  readonly solver: SdeSolver;
  /** Its noise, in words, and the shape of W. */
  readonly noise: string;
  readonly shape: Shape;
  /** The solver's strong order for it. */
  readonly order: number;
  /** Records the method: fields are traced within the program that they are part of. */
  readonly method: () => SdeMethod;
  /** The equation itself, of problems that have drift and diffusion. */
  readonly equation?: Equation;
}

/** An equation's fields, and how its solver steps such fields. */
export interface Equation {
  readonly calculus: Calculus;
  readonly noise: Noise;
  readonly fields: () => SdeFields;
  readonly method: (fields: SdeFields) => SdeMethod;
}

export function readEquation(
  sde: Sde<never, unknown>,
  options: SdeintOptions<unknown>,
  state: StateType,
  y0: readonly Tensor[],
  times: KnownTimes,
  target: Tensor["target"],
  extend: (fields: SdeFields) => SdeFields = (fields) => fields,
): Problem {
  const { noise, calculus } = readSde(sde);
  const solver = readSolver(options.solver ?? defaultSolver(noise, calculus), noise, calculus);
  const trace = (): SdeFields => traceSde("sdeint", sde, options.args, state);
  const fields = trace();
  checkCommuting(solver, trace, fields, y0, times, target);
  const equation: Equation = {
    calculus,
    noise,
    fields: () => extend(trace()),
    method: (own) => methodOf(solver, own, calculus),
  };
  return {
    solver,
    noise: `${noise} noise`,
    shape: fields.shape,
    order: orderOf(solver, noise),
    method: () => equation.method(equation.fields()),
    equation,
  };
}

export function readLangevin(
  field: LangevinField<never, unknown>,
  options: SdeintOptions<unknown>,
  state: StateType,
  target: Target,
): Problem {
  const { solver = solvers.quicsort } = options;
  if (field.kind !== "langevin" || solver?.kind !== "langevin")
    throw new TypeError(
      `sdeint: ${field.kind === "langevin" ? `${String(solver?.name)} does not take a langevin field` : `a field of kind ${String(field.kind)} is no equation`}; ` +
        `use one of ${langevinSolvers()} with langevin({ force, friction, temperature })`,
    );
  const made = langevinProblem(field, options.args, state, target);
  return {
    solver,
    noise: "a langevin field's noise",
    shape: made.shape,
    order: solver.strongOrder.additive!,
    method: () => made.method(solver),
  };
}

const langevinSolvers = (): string =>
  Object.values(solvers)
    .filter(({ kind }) => kind === "langevin")
    .map(({ name }) => name)
    .join(", ");

function readSde(sde: unknown): { noise: Noise; calculus: Calculus } {
  const { drift, diffusion, noise = "diagonal", calculus = "ito" } = (sde ?? {}) as Partial<Sde>;
  if (typeof drift !== "function" || typeof diffusion !== "function")
    throw new TypeError(
      `sdeint: drift is ${typeof drift} and diffusion is ${typeof diffusion}; give { drift, diffusion }, functions of (t, y, args)`,
    );
  if (!noises.includes(noise))
    throw new TypeError(`sdeint: noise is ${JSON.stringify(noise)}; give one of ${noises.join(", ")}`);
  if (!calculi.includes(calculus))
    throw new TypeError(`sdeint: calculus is ${JSON.stringify(calculus)}; give "ito" or "stratonovich"`);
  return { noise, calculus };
}

const orderOf = ({ strongOrder }: SdeSolver, noise: Noise): number => {
  const { general = 1 / 2, commutative = general, additive = commutative } = strongOrder;
  return noise === "general" ? general : noise === "additive" ? additive : commutative;
};

function defaultSolver(noise: Noise, calculus: Calculus): SdeSolver {
  if (noise === "additive") return solvers.shark;
  if (calculus === "stratonovich") return solvers.heunStratonovich;
  return noise === "general" ? solvers.eulerMaruyama : solvers.milstein;
}

const adjectives: Readonly<Record<Calculus, string>> = { ito: "Itô", stratonovich: "Stratonovich" };

/** Does a solver take equations of this kind? */
const fits = (solver: SdeSolver, noise: Noise, calculus: Calculus): boolean =>
  solver.noise.includes(noise) && takes(solver, noise, calculus);

const takes = (solver: SdeSolver, noise: Noise, calculus: Calculus): boolean =>
  solver.calculus === "either" || solver.calculus === calculus || noise === "additive";

function readSolver(solver: SdeSolver, noise: Noise, calculus: Calculus): Exclude<SdeSolver, LangevinSolver> {
  const { kind, calculus: sense } = (solver ?? {}) as { readonly kind?: unknown; readonly calculus?: unknown };
  if (sense === undefined || !Object.values(solvers).some((known) => known.kind === kind))
    throw new TypeError(
      `sdeint: solver is ${strange(solver)}; give an SDE solver such as eulerMaruyama or heunStratonovich`,
    );
  const fitting = Object.values(solvers)
    .filter((known) => fits(known, noise, calculus))
    .map(({ name }) => name)
    .join(", ");
  if (solver.kind === "langevin")
    throw new TypeError(
      `sdeint: ${solver.name} is for langevin fields; use one of ${fitting}, or make the equation with langevin({ force, friction, temperature })`,
    );
  if (!solver.noise.includes(noise))
    throw new TypeError(
      `sdeint: ${solver.name} takes ${solver.noise.join(" or ")} noise, and this is ${noise}; use one of ${fitting}`,
    );
  if (!takes(solver, noise, calculus))
    throw new TypeError(
      `sdeint: ${solver.name} is for ${adjectives[solver.calculus as Calculus]} equations, and this is an equation in the sense of ${adjectives[calculus]}; ` +
        `use one of ${fitting}, or convert it with ${calculus === "ito" ? "toStratonovich" : "toIto"}(sde)`,
    );
  return solver;
}

function checkCommuting(
  solver: SdeSolver,
  trace: () => SdeFields,
  { noise, form, state }: SdeFields,
  y0: readonly Tensor[],
  times: KnownTimes,
  target: Tensor["target"],
): void {
  const refuses = solver.kind === "milstein" ? solver.commutative : solver.kind === "rossler";
  if (!refuses || (noise !== "diagonal" && noise !== "general") || !times.values) return;
  if (!y0.every((y) => !y.tape && atHand(y))) return;
  const t0 = Tensor.scalar(times.values[0]!, times.tensor.dtype, target);
  const apart = commutator(trace, t0, y0, target);
  if (apart === undefined || !(apart > (realOf(state) === "float64" ? 1e-8 : 1e-3))) return;
  const what =
    form === "matrix"
      ? "the columns of the diffusion do not commute"
      : "a component's diffusion depends on other components, so that the noise is not diagonal";
  const way = form === "matrix" ? "" : `, with noise: "general" and a matrix`;
  throw new TypeError(
    `sdeint: ${what} at y0 (∂gᵢ gⱼ and ∂gⱼ gᵢ differ by ${apart.toPrecision(2)} of their size), and ${solver.name} is for noise that commutes; ` +
      `use eulerMaruyama or, for Stratonovich equations, generalShark${way}` +
      (solver.kind === "milstein" ? `; milstein.with({ commutative: false }) takes it with strong order 1/2` : ""),
  );
}

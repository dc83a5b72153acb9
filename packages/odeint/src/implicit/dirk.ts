import { broadcastTo, cast, stopGradient, type Tensor } from "@dzdt/tensor";
import { combine, hermite, line } from "../interpolation";
import { changed } from "../options";
import type { Method } from "../step";
import { factorization, reusable } from "./linear";
import { consistentBy } from "./consistent";
import { slopeOf } from "./mass";
import { newton } from "./newton";
import { powers } from "./powers";
import { slopeGuesses } from "./predictor";
import { quartic } from "./quartic";
import { rooted } from "./root";
import { extended, extensionOf } from "./stiff-dense";
import { checkLength, checkRow, checkSum, deepFreeze } from "../tableau";
import type { DiagonallyImplicitOptions, DiagonallyImplicitSolver, ImexOptions, ImexSolver } from "./tableau";
import { identityLike, type StageAccuracy, vectorSystem, type VectorSystem } from "./vector";

/** Stages are solved to this part of the tolerance. */
export const part = 0.01;

/** Sizes of corrections as the solve's tolerances measure errors: the root of the mean square of what they are to the tolerance. */
export function correctionSize(
  system: VectorSystem,
  y: readonly Tensor[],
  { rtol, atol, exact }: StageAccuracy,
): (delta: Tensor) => Tensor {
  const to = (x: Tensor, k: number): Tensor => broadcastTo(cast(x, y[k]!.dtype), y[k]!.shape);
  const scale = exact
    ? system.ravel(y).abs().add(1)
    : system.ravel(y.map((x, k) => x.abs().mul(to(rtol[k]!, k)).add(to(atol[k]!, k))));
  const weights = stopGradient(scale);
  return (delta) => {
    const scaled = delta.div(weights);
    return scaled
      .mul(scaled)
      .sum()
      .mul(1 / Math.max(1, system.n))
      .sqrt();
  };
}

/** The part of a field that an implicit–explicit method does not solve with. */
export interface ExplicitPart {
  readonly a: readonly (readonly number[])[];
  readonly field: (t: Tensor, y: Tensor) => Tensor;
}

/**
 * Steps of a singly diagonally implicit method. `memory` is dy/dt at the state; with an explicit part, then the slopes of both parts. Adaptive steps use one Jacobian and its factorisation for all
 * stages; steps of given lengths, which cannot be repeated, use a new one for each iteration and solve to rounding.
 */
export function dirkMethod(
  solver: DiagonallyImplicitSolver,
  system: VectorSystem,
  accuracy: StageAccuracy,
  easy?: ExplicitPart,
): Method {
  const {
    a,
    b,
    c,
    bError,
    startError = 0,
    caution = 1,
    gamma,
    stages,
    explicitFirst,
    order,
    embeddedOrder,
    filtered,
  } = solver;
  const { n, dtype, narrowest, ravel, unravel, field, linearize, mass } = system;
  const vector = { dtype, shape: [n] };
  const times = (x: Tensor): Tensor => (mass ? mass.matmul(x) : x);
  const slope = slopeOf(system);
  const { exact } = accuracy;
  const guesses = slopeGuesses(c);
  const extension = easy || !explicitFirst || order < 4 ? undefined : extensionOf(solver);
  // No weights of the stages of both parts have order 4 between a step's ends: there the step before helps.
  const remembers = easy !== undefined && order > 4;
  const ends = order === 1 ? [vector] : [vector, vector];
  const begin = (t: Tensor, y: Tensor): Tensor[] => {
    const own = slope(t, y);
    if (!easy) return unravel(own);
    const other = easy.field(t, y);
    return [...unravel(own.add(other)), own, other];
  };
  return {
    name: solver.name,
    errorOrder: bError && Math.min(order, embeddedOrder ?? order - 1) + 1,
    derivative: true,
    beyond: c.some((node) => node > 1),
    dense: extension
      ? extension.stiff.map(() => vector)
      : [...ends, ...(remembers ? [vector, { dtype, shape: [] }] : [])],
    counted: true,
    evaluations: { begin: 1, attempt: 0, interpolate: 0 },
    begin: (t, y) => {
      const state = ravel(y);
      return [...begin(t, state), ...(remembers ? [state, cast(stopGradient(t).mul(0), dtype)] : [])];
    },
    slope: (t, y) => begin(t, ravel(y)).slice(0, y.length),
    consistent: consistentBy(system),
    attempt: (t, tNext, h, y, memory) => {
      const start = ravel(y);
      const derivative = memory.slice(0, y.length);
      const [first = ravel(derivative), other, earlier, length] = memory.slice(y.length);
      const size = correctionSize(system, y, accuracy);
      const step = cast(h, dtype);
      const [diagonal, per] = [step.mul(gamma), cast(h.mul(gamma), dtype)];
      const weight = mass ?? identityLike(start, n);
      const matrix = (at: Tensor, state: Tensor, by: Tensor): Tensor =>
        weight.sub(linearize(at, state).jacobian.mul(by));
      const { solve, still } = factorization(matrix(t, start, diagonal));
      let rate = stopGradient(step).mul(0).add(1);
      const counts: Tensor[] = [];
      const k: Tensor[] = explicitFirst ? [first] : [];
      const others: Tensor[] = other ? [other] : [];
      const along = (weights: readonly number[], rest: readonly number[] = weights): Tensor => {
        const parts = [combine(weights, k), easy && combine(rest, others)].filter((x) => x !== undefined);
        return parts.reduce((x, z) => x.add(z)).mul(step);
      };
      for (let i = k.length; i < stages; i++) {
        const from = i === 0 ? start : start.add(along(a[i]!.slice(0, i), easy?.a[i]));
        const at = c[i] === 1 ? tNext : t.add(h.mul(c[i]!));
        // u = h γ k, in terms of which rounding is that of the change.
        const residual = (u: Tensor): Tensor => times(u).sub(field(at, from.add(u)).mul(diagonal));
        const [origin, when, length] = [from, at, diagonal].map((x) => stopGradient(x)) as [Tensor, Tensor, Tensor];
        const found = newton({
          start: stopGradient((combine(guesses[i]!, k) ?? first).mul(diagonal)),
          correction: (u) => {
            const state = origin.add(u);
            const off = field(when, state).mul(length).sub(times(u));
            return (exact ? reusable(stopGradient(matrix(when, state, length))) : still)(off);
          },
          // Where the change is larger than the state, rounding is that of the change.
          size: (delta, u) => (exact ? size(delta).div(size(u.add(delta)).maximum(1)) : size(delta)),
          tolerance: exact ? exactness(dtype) : part,
          rounding: exactness(narrowest),
          maxIterations: exact ? 50 : 10,
          rate,
          exact,
        });
        counts.push(found.count);
        rate = exact ? rate : found.rate.maximum(1e-12).pow(0.8);
        const u = rooted(residual, stopGradient(found.x));
        k.push(u.div(per));
        if (easy) others.push(easy.field(at, from.add(u)));
      }
      const end = start.add(along(b));
      return {
        y: unravel(end),
        memory: [...(easy ? begin(tNext, end) : unravel(k[stages - 1]!)), ...(remembers ? [start, step] : [])],
        errors: bError ? [unravel(stopGradient(estimated()))] : [],
        dense: extension
          ? extended(
              extension,
              k.map((slope) => slope.mul(step)),
              (x) => solve(times(x)),
            )
          : order === 1
            ? [k[stages - 1]!]
            : joined(),
        evaluations: total(counts).add(easy ? 1 : 0),
      };

      function joined(): Tensor[] {
        return [start, ravel(derivative), ...(remembers ? [earlier!, length!.div(step)] : [])];
      }

      function estimated(): Tensor {
        const own = along(bError!);
        const error = startError === 0 ? own : own.add(first.mul(startError).mul(step));
        return (filtered ? still(times(error)) : error).mul(caution);
      }
    },
    interpolate: (taken) => {
      const { s, h, y, memory } = taken;
      const place = { s, h, end: [ravel(y)] };
      const slope = [ravel(memory.slice(0, y.length))];
      if (extension) return unravel(ravel(y).add(combine(powers(cast(s, dtype), taken.dense.length), taken.dense)!));
      const [start, k0, earlier, ratio] = taken.dense as [Tensor, Tensor, Tensor, Tensor];
      if (remembers) return unravel(quartic(place, start, [k0, slope[0]!], { start: earlier, ratio }));
      return unravel(order === 1 ? line(place, [start])[0]! : hermite(place, [start], [k0], slope)[0]!);
    },
  };
}

/** How often Newton's iterations evaluated the field. */
export const total = (counts: readonly Tensor[]): Tensor => counts.reduce((sum, count) => sum.add(count));

/** Corrections after which nothing but rounding is left, by quadratic convergence. */
export const exactness = (dtype: "float32" | "float64"): number => (dtype === "float64" ? 1e-11 : 1e-5);

const names: readonly (keyof DiagonallyImplicitOptions)[] = [
  "name",
  "order",
  "c",
  "a",
  "bError",
  "startError",
  "embeddedOrder",
  "filtered",
  "caution",
  "dense",
  "reference",
];

/** An (E)SDIRK solver from its tableau, checked: rows sum to c, the last to 1, and one diagonal. */
/* @__NO_SIDE_EFFECTS__ */
export function diagonallyImplicit(options: DiagonallyImplicitOptions): DiagonallyImplicitSolver {
  const { name, a, c, bError, startError = 0 } = options;
  const stages = a.length;
  checkLength(name, "c", c, stages);
  const gamma = a[stages - 1]!.at(-1)!;
  const explicitFirst = a[0]![0] === 0;
  a.forEach((row, i) => {
    checkRow(name, row, i, c[i]!, i + 1);
    if (i > 0 || !explicitFirst) checkSum(name, `the diagonal of row ${i} of a`, [row[i]!], gamma);
  });
  checkSum(name, "the last row of a", a[stages - 1]!, 1);
  options.dense?.coefficients.forEach((row, i) => checkSum(name, `row ${i} of dense`, row, a[stages - 1]![i]!));
  if (bError) {
    checkLength(name, "bError", bError, stages);
    checkSum(name, "bError with startError", [...bError, startError], 0);
  }
  const solver: DiagonallyImplicitSolver = deepFreeze({
    ...options,
    kind: "diagonallyImplicit" as const,
    stages,
    gamma,
    explicitFirst,
    b: a[stages - 1]!,
    with: (changes: Partial<DiagonallyImplicitOptions>) => diagonallyImplicit(changed(options, changes, names)),
    method: (system, accuracy) => dirkMethod(solver, vectorSystem(system), accuracy),
  });
  return solver;
}

const additiveNames: readonly (keyof ImexOptions)[] = [
  "name",
  "order",
  "c",
  "explicit",
  "implicit",
  "bError",
  "embeddedOrder",
  "filtered",
  "caution",
  "dense",
  "reference",
];

/** An additive Runge–Kutta solver from its two tableaus, checked like those of each part. */
/* @__NO_SIDE_EFFECTS__ */
export function additive(options: ImexOptions): ImexSolver {
  const {
    name,
    order,
    c,
    explicit,
    implicit,
    bError,
    embeddedOrder,
    filtered = false,
    caution = 1,
    dense,
    reference,
  } = options;
  checkLength(name, "explicit", explicit, c.length);
  explicit.forEach((row, i) => checkRow(name, row, i, c[i]!, i));
  const own = { name, order, c, a: implicit, bError, embeddedOrder, filtered, caution, reference };
  const alone = diagonallyImplicit(dense ? { ...own, dense } : own);
  const solver: ImexSolver = deepFreeze({
    ...options,
    kind: "imex" as const,
    stages: alone.stages,
    b: alone.b,
    alone,
    with: (changes: Partial<ImexOptions>) => additive(changed(options, changes, additiveNames)),
    method: (given, accuracy, easy) => {
      const system = vectorSystem(given);
      const rest: ExplicitPart | undefined = easy && {
        a: explicit,
        field: (t, y) => system.ravel(easy(t, system.unravel(y))),
      };
      return dirkMethod(alone, system, accuracy, rest);
    },
  });
  return solver;
}

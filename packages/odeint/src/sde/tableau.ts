import type { AdditiveSolver, RosslerSolver, SdeSolverTraits, SolverCalculus, StochasticSolver } from "./solver";

/** Weights of a stochastic term: row i of `a` over the stages before stage i, and `b` of the step. */
export interface StochasticWeights {
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
}

/**
 * zᵢ = y + h Σ a[i][j] fⱼ + Σ gⱼ (w.a[i][j] W + h.a[i][j] H), fᵢ = f(t + c[i] h, zᵢ), gᵢ = g(t + c[i] h, zᵢ), and the step is the same with `b`.
 * Stages whose drift or diffusion has no weight are not evaluated.
 */
export interface StochasticTableau {
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly w: StochasticWeights;
  readonly levy?: StochasticWeights;
}

/**
 * zᵢ = y + h Σ a[i][j] fⱼ + g(t) (w[i] W + levy[i] H), fᵢ = f(t + c[i] h, zᵢ); the step is
 * y + h Σ b[i] fᵢ + g(t) W + (g(t + h) − g(t)) (W/2 − H).
 */
export interface AdditiveTableau {
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  readonly w: readonly number[];
  readonly levy: readonly number[];
}

/**
 * Drift at t + c0[i] h and y + h Σ a0[i][j] fⱼ + (W/2 + H) Σ b0[i][j] gⱼ, diffusion at t + c1[i] h and y + h Σ a1[i][j] fⱼ + √h Σ b1[i][j] gⱼ;
 * the step is y + h Σ alpha[i] fᵢ + Σ gᵢ (beta1[i] W + beta2[i] (W² − h)/(2√h) + beta3[i] (W/2 + H) + beta4[i] (W³ − 3hW)/(6h)).
 */
export interface RosslerTableau {
  readonly c0: readonly number[];
  readonly c1: readonly number[];
  readonly a0: readonly (readonly number[])[];
  readonly a1: readonly (readonly number[])[];
  readonly b0: readonly (readonly number[])[];
  readonly b1: readonly (readonly number[])[];
  readonly alpha: readonly number[];
  readonly beta1: readonly number[];
  readonly beta2: readonly number[];
  readonly beta3: readonly number[];
  readonly beta4: readonly number[];
}

type Traits<K extends keyof SdeSolverTraits> = Omit<SdeSolverTraits, K>;

/** A stochastic Runge–Kutta method from its tableau. @throws RangeError for weights that are no consistent method */
export function stochasticRungeKutta<const C extends SolverCalculus>(
  options: Traits<"levyArea" | "noise" | "calculus"> & StochasticTableau & { readonly calculus: C },
): StochasticSolver<C> {
  const { name, c, a, b, w, levy } = options;
  const check = checker(`stochasticRungeKutta ${name}`, b.length);
  check.list("c", c);
  check.triangle("a", a);
  check.sum("b", b, 1);
  for (const [label, weights] of [["w", w] as const, ["levy", levy] as const]) {
    if (!weights) continue;
    check.triangle(`${label}.a`, weights.a);
    check.list(`${label}.b`, weights.b);
  }
  check.sum("w.b", w.b, 1);
  if (levy) check.sum("levy.b", levy.b, 0);
  return deepFreeze<StochasticSolver<C>>({
    ...options,
    kind: "stochastic",
    levyArea: levy ? "space-time" : "none",
    noise: ["diagonal", "scalar", "general", "additive"],
  });
}

/** A stochastic Runge–Kutta method for additive noise. @throws RangeError for weights that are no consistent method */
export function additiveRungeKutta(
  options: Traits<"levyArea" | "noise" | "calculus"> & AdditiveTableau,
): AdditiveSolver {
  const { name, c, a, b, w, levy } = options;
  const check = checker(`additiveRungeKutta ${name}`, b.length);
  for (const [label, list] of Object.entries({ c, w, levy })) check.list(label, list);
  check.triangle("a", a);
  check.sum("b", b, 1);
  return deepFreeze<AdditiveSolver>({
    ...options,
    kind: "additive",
    calculus: "either",
    levyArea: "space-time",
    noise: ["additive"],
  });
}

/** A method of Rößler's class SRI. @throws RangeError for weights that are no consistent method */
export function rosslerRungeKutta(options: Traits<"levyArea" | "noise" | "calculus"> & RosslerTableau): RosslerSolver {
  const { name, alpha } = options;
  const check = checker(`rosslerRungeKutta ${name}`, alpha.length);
  for (const label of ["c0", "c1"] as const) check.list(label, options[label]);
  for (const label of ["a0", "a1", "b0", "b1"] as const) check.triangle(label, options[label]);
  check.sum("alpha", alpha, 1);
  check.sum("beta1", options.beta1, 1);
  for (const label of ["beta2", "beta3", "beta4"] as const) check.sum(label, options[label], 0);
  return deepFreeze<RosslerSolver>({
    ...options,
    kind: "rossler",
    calculus: "ito",
    levyArea: "space-time",
    noise: ["diagonal", "scalar"],
  });
}

interface Checker {
  list(label: string, list: readonly number[]): void;
  sum(label: string, list: readonly number[], total: number): void;
  triangle(label: string, rows: readonly (readonly number[])[]): void;
}

function checker(where: string, stages: number): Checker {
  const list = (label: string, values: readonly number[]): void => {
    if (values.length !== stages)
      throw new RangeError(`${where}: ${label} has ${values.length} entries for ${stages} stages; give one for each`);
  };
  return {
    list,
    sum: (label, values, total) => {
      list(label, values);
      const sum = values.reduce((s, x) => s + x, 0);
      if (!(Math.abs(sum - total) < 1e-14))
        throw new RangeError(`${where}: ${label} adds up to ${sum}, not ${total}; check its weights`);
    },
    triangle: (label, rows) => {
      if (rows.length !== stages || rows.some((row, i) => row.length !== i))
        throw new RangeError(`${where}: ${label} has no row of i weights for each stage i; give ${stages} rows`);
    },
  };
}

/** A frozen value, lists within it included. */
export function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) deepFreeze(part as object);
  return Object.freeze(value);
}

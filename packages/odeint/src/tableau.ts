import { changed } from "./options";
import { splittingMethod } from "./hamiltonian";

/**
 * The continuous extension as a polynomial per stage: y(t + θh) ≈ y + h Σᵢ bᵢ(θ) kᵢ with
 * bᵢ(θ) = Σⱼ coefficients[i][j] θ^(j+1).
 */
export interface PolynomialDense {
  readonly kind: "polynomial";
  /** The extension has this order at every θ. */
  readonly order: number;
  /** One row per stage. */
  readonly coefficients: readonly (readonly number[])[];
}

/**
 * A continuous extension with stages of its own, which are evaluated where it is asked for, in the nested form of Hairer's `contd8`: any that has
 * the values and the slopes of both ends can be written so, and its coefficients stay small. With
 * Δ = y₁ − y₀, F₀ = Δ, F₁ = h f₀ − Δ, F₂ = 2Δ − h (f₀ + f₁) and F₍₃₊ᵢ₎ = h Σⱼ d[i][j] kⱼ, it is
 * y₀ + θ(F₀ + (1−θ)(F₁ + θ(F₂ + (1−θ)(F₃ + θ(F₄ + …))))). For methods whose last stage is the next step's first.
 */
export interface NestedDense {
  readonly kind: "nested";
  /** The extension has this order at every θ. */
  readonly order: number;
  /** Nodes of the extra stages. */
  readonly c: readonly number[];
  /** Rows of the extra stages, over the method's stages and the extra ones before. */
  readonly a: readonly (readonly number[])[];
  /** Weights of F₃, F₄ …, over the method's stages and then the extra ones. */
  readonly d: readonly (readonly number[])[];
}

/** Without one, a solver is interpolated by the cubic Hermite polynomial of a step's two ends, of order min(order, 3). */
export type DenseOutput = PolynomialDense | NestedDense;

/** What defines an explicit Runge–Kutta method. */
export interface ExplicitRungeKuttaOptions {
  readonly name: string;
  readonly order: number;
  /** Nodes: stage i is evaluated at t + c[i] h. */
  readonly c: readonly number[];
  /** Row i holds the i weights of the stages before stage i. */
  readonly a: readonly (readonly number[])[];
  /** Weights of the step: y₁ = y₀ + h Σ b[i] kᵢ. */
  readonly b: readonly number[];
  /** Weights of the error estimate, b minus the embedded weights: error ≈ h Σ bError[i] kᵢ. */
  readonly bError?: readonly number[];
  /** Weights of the second, lower-order estimate that `errorEstimate: "dop853"` combines with `bError`. */
  readonly bErrorLow?: readonly number[];
  /**
   * The error estimate of a step shrinks as h^(embeddedOrder + 1): the order of the embedded method b − bError. It is 7 for
   * the combined estimate of `"dop853"`, whose two embedded methods have orders 5 and 3.
   */
  readonly embeddedOrder?: number;
  /**
   * How a scalar error is made of the estimates, the norm of `bError`'s unless told: `"dop853"` is
   * ‖e₅‖² / sqrt(‖e₅‖² + 0.01 ‖e₃‖²), with e₅ from `bError` and e₃ from `bErrorLow`.
   */
  readonly errorEstimate?: "dop853";
  readonly dense?: DenseOutput;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** An explicit Runge–Kutta method: data that every stepper, adjoint and test reads. */
export interface ExplicitSolver extends ExplicitRungeKuttaOptions {
  readonly kind: "explicit";
  /** Stages of one step; a step costs one field evaluation less when `fsal`. */
  readonly stages: number;
  /** The first stage of a step is the last of the step before ("first same as last"). */
  readonly fsal: boolean;
  /** The same method with some of its data replaced, checked again. */
  with(options: Partial<ExplicitRungeKuttaOptions>): ExplicitSolver;
}

/** A part of a splitting step: a kick is p ← p + w h f(q), a drift is q ← q + w h v(p). */
export type SplittingStage = readonly ["kick" | "drift", number];

/** What defines a symplectic splitting method. */
export interface SymplecticSplittingOptions {
  readonly name: string;
  readonly order: number;
  /** Kicks and drifts with their weights, in the order in which they are applied. */
  readonly sequence: readonly SplittingStage[];
  /** The order holds only for H = p·p/2 + V(q) (Runge–Kutta–Nyström methods). */
  readonly rkn?: boolean;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A splitting method for separable Hamiltonians T(p) + V(q). */
export interface SymplecticSolver extends SymplecticSplittingOptions {
  readonly kind: "symplectic";
  readonly rkn: boolean;
  /** A palindrome: the method is its own adjoint, so that it is time-reversible. */
  readonly symmetric: boolean;
  /** Kicks of one step; the last force is the next step's first when the sequence begins and ends with a kick. */
  readonly forceEvaluations: number;
  /** Records its steps, see `Method`. Internal. */
  readonly method: typeof splittingMethod;
  /** The same method with some of its data replaced, checked again. */
  with(options: Partial<SymplecticSplittingOptions>): SymplecticSolver;
}

const TOLERANCE = 1e-12;

const total = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0);

const near = (x: number, y: number): boolean => Math.abs(x - y) <= TOLERANCE;

function check(name: string, holds: boolean, problem: () => string): void {
  if (!holds) throw new Error(`${name}: ${problem()}; compare the coefficients with the reference`);
}

export function checkSum(name: string, what: string, numbers: readonly number[], expected: number): void {
  const sum = total(numbers);
  check(name, near(sum, expected), () => `${what} sums to ${sum}, not ${expected}`);
}

export function checkLength(name: string, what: string, list: readonly unknown[], expected: number): void {
  check(name, list.length === expected, () => `${what} has ${list.length} entries, not ${expected}`);
}

/** Checks one row of a tableau: its length and its sum. */
export function checkRow(name: string, row: readonly number[], i: number, node: number, length: number): void {
  checkLength(name, `row ${i} of a`, row, length);
  checkSum(name, `row ${i} of a`, row, node);
}

function checkRows(name: string, c: readonly number[], a: readonly (readonly number[])[], before: number): void {
  checkLength(name, "a", a, c.length);
  a.forEach((row, i) => checkRow(name, row, before + i, c[i] ?? NaN, before + i));
}

function checkDense(name: string, dense: DenseOutput, b: readonly number[]): void {
  if (dense.kind === "nested") {
    checkRows(name, dense.c, dense.a, b.length);
    dense.d.forEach((row, i) => checkLength(name, `row ${i} of dense.d`, row, b.length + dense.c.length));
    return;
  }
  checkLength(name, "dense.coefficients", dense.coefficients, b.length);
  dense.coefficients.forEach((row, i) => checkSum(name, `row ${i} of dense.coefficients`, row, b[i] ?? NaN));
}

function checkTableau({ name, c, a, b, bError, bErrorLow, errorEstimate, dense }: ExplicitRungeKuttaOptions): void {
  checkLength(name, "c", c, b.length);
  checkRows(name, c, a, 0);
  checkSum(name, "b", b, 1);
  for (const [what, weights] of Object.entries({ bError, bErrorLow })) {
    if (weights === undefined) continue;
    checkLength(name, what, weights, b.length);
    checkSum(name, what, weights, 0);
  }
  check(name, errorEstimate === undefined || (bError && bErrorLow) !== undefined, () => "it lacks bError or bErrorLow");
  if (dense) checkDense(name, dense, b);
  if (dense?.kind === "nested")
    check(
      name,
      lastStageStartsNext({ c, a, b }),
      () => "its dense output needs a last stage that begins the next step",
    );
}

/** A value that nobody can change, with all that it holds. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

function lastStageStartsNext({ c, a, b }: Pick<ExplicitRungeKuttaOptions, "c" | "a" | "b">): boolean {
  const last = b.length - 1;
  const row = a[last] ?? [];
  return last > 0 && c[0] === 0 && c[last] === 1 && b[last] === 0 && row.every((weight, i) => weight === b[i]);
}

const tableauNames: readonly (keyof ExplicitRungeKuttaOptions)[] = [
  "name",
  "order",
  "c",
  "a",
  "b",
  "bError",
  "bErrorLow",
  "embeddedOrder",
  "errorEstimate",
  "dense",
  "reference",
];

/**
 * An explicit Runge–Kutta solver from its Butcher tableau, checked (lengths, row sums equal to c, weights that sum to 1).
 * @example
 * const rk2 = explicitRungeKutta({ name: "rk2", order: 2, c: [0, 1], a: [[], [1]], b: [1 / 2, 1 / 2], reference: "Heun 1900" });
 */
/* @__NO_SIDE_EFFECTS__ */
export function explicitRungeKutta(options: ExplicitRungeKuttaOptions): ExplicitSolver {
  checkTableau(options);
  return deepFreeze({
    ...options,
    kind: "explicit" as const,
    stages: options.b.length,
    fsal: lastStageStartsNext(options),
    with: (changes: Partial<ExplicitRungeKuttaOptions>) => explicitRungeKutta(changed(options, changes, tableauNames)),
  });
}

const weightsOf = (sequence: readonly SplittingStage[], part: "kick" | "drift"): number[] =>
  sequence.filter(([each]) => each === part).map(([, weight]) => weight);

function isPalindrome(sequence: readonly SplittingStage[]): boolean {
  return sequence.every(([part, weight], i) => {
    const [mirrored, mirroredWeight] = sequence[sequence.length - 1 - i] ?? [];
    return part === mirrored && weight === mirroredWeight;
  });
}

const splittingNames: readonly (keyof SymplecticSplittingOptions)[] = ["name", "order", "sequence", "rkn", "reference"];

/** A symplectic solver from its sequence of kicks and drifts, checked (each kind of weights sums to 1). */
/* @__NO_SIDE_EFFECTS__ */
export function symplecticSplitting(options: SymplecticSplittingOptions): SymplecticSolver {
  const { name, sequence, rkn = false } = options;
  checkSum(name, "the weights of the kicks", weightsOf(sequence, "kick"), 1);
  checkSum(name, "the weights of the drifts", weightsOf(sequence, "drift"), 1);
  return deepFreeze({
    ...options,
    kind: "symplectic" as const,
    rkn,
    symmetric: isPalindrome(sequence),
    forceEvaluations: weightsOf(sequence, "kick").length,
    method: splittingMethod,
    with: (changes: Partial<SymplecticSplittingOptions>) =>
      symplecticSplitting(changed(options, changes, splittingNames)),
  });
}

import type { AdaptiveController } from "../controllers/controller";
import type { Method } from "../step";
import type { PolynomialDense } from "../tableau";
import type { Field, StageAccuracy, SystemOptions } from "./vector";

/** A solver that brings its way to step, so that programs without such solvers do without it. */
interface Stepper {
  /**
   * Steps of the method. To be called while tracing.
   * @param easy the part of the field that an implicit–explicit method need not solve with; `options.field` is then the other
   */
  readonly method: (options: SystemOptions, accuracy: StageAccuracy, easy?: Field) => Method;
}

/** What defines a Rosenbrock method, in the variables U = Γ K in which no product with the Jacobian is needed. */
export interface RosenbrockOptions {
  readonly name: string;
  readonly order: number;
  /** Diagonal of Γ. */
  readonly gamma: number;
  /** Nodes: stage i evaluates the field at t + c[i] h. */
  readonly c: readonly number[];
  /** Row i holds the i weights of the stages before in the state of stage i: y + Σ a[i][j] Uⱼ. */
  readonly a: readonly (readonly number[])[];
  /** Row i holds the i weights of the stages before in its right side: f + M Σ coupling[i][j] Uⱼ / h + d[i] h ∂f/∂t. */
  readonly coupling: readonly (readonly number[])[];
  /** Weights of h ∂f/∂t: row sums of Γ. */
  readonly d: readonly number[];
  /** Weights of the step: y₁ = y₀ + Σ m[i] Uᵢ. */
  readonly m: readonly number[];
  /** Weights of the error estimate, Σ e[i] Uᵢ. */
  readonly e?: readonly number[];
  readonly embeddedOrder?: number;
  /** Rows of weights of K₁, K₂ … in the dense output (1 − θ) y₀ + θ (y₁ + (1 − θ) (K₁ + θ (K₂ + …))). */
  readonly dense: readonly (readonly number[])[];
  readonly denseOrder: number;
  /**
   * Steps are so short that states between their ends err by no more than about a hundred tolerances, also where the field is forced in very stiff directions,
   * of which the ends see nothing. One evaluation and one linear system more a step. @defaultValue false
   */
  readonly between?: boolean;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A Rosenbrock method: implicit in the linear part of the field, so that a step solves linear systems only. */
export interface RosenbrockSolver extends RosenbrockOptions, Stepper {
  readonly kind: "rosenbrock";
  /** What chooses steps unless the solve is told. */
  readonly controller: AdaptiveController;
  readonly stages: number;
  /** The same method with some of its data replaced, checked again. */
  with(options: Partial<RosenbrockOptions>): RosenbrockSolver;
}

/** A Rosenbrock method's Γ, and its weights of K in stages and step: α = a Γ and b = m Γ. */
export function slopeForm({ gamma, a, coupling, m }: RosenbrockOptions): {
  readonly gammas: number[][];
  readonly alphas: number[][];
  readonly b: number[];
} {
  const n = m.length;
  // Γ = (I/γ − C)⁻¹, lower triangular.
  const gammas: number[][] = [];
  for (let i = 0; i < n; i++)
    gammas.push(
      Array.from({ length: n }, (_, j) => {
        if (j > i) return 0;
        const before = (coupling[i] ?? []).reduce((sum, weight, k) => sum + weight * gammas[k]![j]!, 0);
        return gamma * ((i === j ? 1 : 0) + before);
      }),
    );
  const product = (row: readonly number[]): number[] =>
    Array.from({ length: n }, (_, j) => row.reduce((sum, weight, k) => sum + weight * gammas[k]![j]!, 0));
  return { gammas, alphas: a.map(product), b: product(m) };
}

/** What defines a diagonally implicit Runge–Kutta method with one diagonal, whose last stage is the step's end. */
export interface DiagonallyImplicitOptions {
  readonly name: string;
  readonly order: number;
  readonly c: readonly number[];
  /** Row i holds the i + 1 weights of the stages through i. The first diagonal weight may be 0; all others are equal. */
  readonly a: readonly (readonly number[])[];
  /** Weights of the error estimate: error ≈ h Σ bError[i] kᵢ + h startError f(t, y). */
  readonly bError?: readonly number[];
  readonly startError?: number;
  readonly embeddedOrder?: number;
  /** Divide the error estimate by I − h γ J, for embedded methods that do not damp what is stiff. */
  readonly filtered?: boolean;
  /** The error estimate counts so many times, for embedded methods that err little more than the step. @defaultValue 1 */
  readonly caution?: number;
  /** Without it, steps are joined by the cubic Hermite polynomial of their ends, of order min(order, 3). */
  readonly dense?: PolynomialDense;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A singly diagonally implicit, stiffly accurate Runge–Kutta method. */
export interface DiagonallyImplicitSolver extends DiagonallyImplicitOptions, Stepper {
  readonly kind: "diagonallyImplicit";
  readonly stages: number;
  readonly gamma: number;
  /** The first stage is the state itself. */
  readonly explicitFirst: boolean;
  /** Weights of the step: the last row of a. */
  readonly b: readonly number[];
  /** The same method with some of its data replaced, checked again. */
  with(options: Partial<DiagonallyImplicitOptions>): DiagonallyImplicitSolver;
}

/** What defines an implicit–explicit Runge–Kutta method. */
export interface ImexOptions {
  readonly name: string;
  readonly order: number;
  readonly c: readonly number[];
  /** Row i of the explicit part holds the i weights of the stages before. */
  readonly explicit: readonly (readonly number[])[];
  /** Row i of the implicit part holds the i + 1 weights of the stages through i; the first is 0, the last row are the step's weights. */
  readonly implicit: readonly (readonly number[])[];
  /** Weights of the error estimate, the same for both parts. */
  readonly bError: readonly number[];
  readonly embeddedOrder: number;
  /** As those of `DiagonallyImplicitOptions`. */
  readonly filtered?: boolean;
  readonly caution?: number;
  /** Dense output where all of the field is implicit; fields in two parts have the cubic Hermite polynomial. */
  readonly dense?: PolynomialDense;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** An additive Runge–Kutta method: one part of the field is implicit, the other explicit; both have the same weights and nodes. */
export interface ImexSolver extends ImexOptions, Stepper {
  readonly kind: "imex";
  readonly stages: number;
  readonly b: readonly number[];
  /** The implicit part alone. */
  readonly alone: DiagonallyImplicitSolver;
  /** The same method with some of its data replaced, checked again. */
  with(options: Partial<ImexOptions>): ImexSolver;
}

/** What defines the Radau IIA method of three stages, and what may be chosen of it. */
export interface RadauOptions {
  readonly name: string;
  readonly order: number;
  readonly embeddedOrder: number;
  readonly denseOrder: number;
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  /** Real columns in which a⁻¹ is diag(γ, [[α, β], [−β, α]]), and the inverse of their matrix. */
  readonly transform: readonly (readonly number[])[];
  readonly inverseTransform: readonly (readonly number[])[];
  readonly eigenvalues: { readonly gamma: number; readonly alpha: number; readonly beta: number };
  /** The error estimate is (γ/h M − J)⁻¹ (f(t, y) + M Σ e[i] zᵢ / h). */
  readonly e: readonly number[];
  /**
   * Steps are so short that states between their ends err by no more than about a hundred tolerances, also where the field is forced in very stiff directions,
   * of which the ends see nothing. One evaluation and one linear system more a step. @defaultValue false
   */
  readonly between?: boolean;
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A fully implicit collocation method, its stages solved together. */
export interface RadauSolver extends RadauOptions, Stepper {
  readonly kind: "radau";
  readonly stages: number;
  /** The same method with some of its data replaced, checked again. */
  with(options: Partial<RadauOptions>): RadauSolver;
}

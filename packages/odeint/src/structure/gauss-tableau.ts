import { changed } from "../options";
import { checkLength, checkRow, checkSum, deepFreeze } from "../tableau";
import { advice } from "../status";
import type { StepperSolver } from "../stepper";
import { gaussMethod } from "./gauss";
import { lagrange } from "./lagrange";

const unsolved = /* @__PURE__ */ advice(
  "a step's implicit equations have no solution that could be found, or the field is not finite there: take smaller steps, and check the field and y0",
);

/** What defines a Gauss–Legendre method. */
export interface GaussOptions {
  readonly name: string;
  readonly order: number;
  readonly c: readonly number[];
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
  /** Author, year and DOI. */
  readonly reference: string;
}

/** A method of collocation at Gauss's nodes: symplectic and symmetric for every field. */
export interface GaussSolver extends StepperSolver, GaussOptions {
  readonly order: number;
  readonly stages: number;
  /** For each stage bᵢ(θ), coefficients of θ, θ², …: the polynomial through the stages, which is the dense output. */
  readonly dense: readonly (readonly number[])[];
  /** Of the dense output between the ends of steps. */
  readonly denseOrder: number;
  /** The same method with some of its data replaced, checked again. */
  with(options: Partial<GaussOptions>): GaussSolver;
}

const names: readonly (keyof GaussOptions)[] = ["name", "order", "c", "a", "b", "reference"];

/** A Gauss–Legendre solver from its tableau, checked: sums of rows and weights, and the condition bᵢaᵢⱼ + bⱼaⱼᵢ = bᵢbⱼ for a symplectic method. */
/* @__NO_SIDE_EFFECTS__ */
export function gaussLegendre(options: GaussOptions): GaussSolver {
  const { name, c, a, b } = options;
  checkLength(name, "a", a, c.length);
  checkSum(name, "b", b, 1);
  a.forEach((row, i) => checkRow(name, row, i, c[i]!, c.length));
  a.forEach((row, i) =>
    row.forEach((_, j) => checkSum(name, `bᵢaᵢⱼ + bⱼaⱼᵢ − bᵢbⱼ at ${i}, ${j}`, defects(a, b, i, j), 0)),
  );
  const solver: GaussSolver = deepFreeze({
    ...options,
    kind: "stepper" as const,
    adaptive: false,
    implicit: true,
    translatable: true,
    advice: unsolved,
    stages: c.length,
    dense: lagrange(c).map((base) => base.map((x, k) => x / (k + 1))),
    denseOrder: c.length,
    with: (changes: Partial<GaussOptions>) => gaussLegendre(changed(options, changes, names)),
    method: (parts) => gaussMethod(solver, parts),
  });
  return solver;
}

const defects = (a: readonly (readonly number[])[], b: readonly number[], i: number, j: number): number[] => [
  b[i]! * a[i]![j]!,
  b[j]! * a[j]![i]!,
  -b[i]! * b[j]!,
];

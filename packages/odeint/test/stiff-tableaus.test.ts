import { compile, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { type ImplicitSolver, rodas4, rodas5p, rosenbrock23, type RosenbrockSolver, type Solver } from "../src/index";
import { slopeForm } from "../src/implicit/tableau";
import * as solvers from "../src/solvers";
import { orderResidual, type RootedTree, rootedTrees } from "../src/testing";
import { traceField } from "../src/vectorField";
import data from "./data/stiff.json";
import { tensorField } from "./support/expression";
import { f64, numbers } from "./support/numbers";

const all = Object.values(solvers) as readonly Solver[];
const implicit = all.filter(
  (solver): solver is ImplicitSolver => !["explicit", "symplectic", "stepper"].includes(solver.kind),
);

/** The two tableaus of an additive method, or the one of another. */
const tableaus = implicit.flatMap((solver) => {
  if (solver.kind === "rosenbrock") return [];
  const { name, order } = solver;
  const bError = "bError" in solver && !("startError" in solver) ? solver.bError : undefined;
  const embeddedOrder = bError ? solver.embeddedOrder : undefined;
  if (solver.kind !== "imex") return [{ name, order, a: solver.a, b: solver.a.at(-1)!, bError, embeddedOrder }];
  return (["explicit", "implicit"] as const).map((part) => ({
    name: `${name}, ${part} part,`,
    order,
    a: solver[part],
    b: solver.b,
    bError,
    embeddedOrder,
  }));
});

describe.each(tableaus)("$name", ({ order, a, b, bError, embeddedOrder }) => {
  test("satisfies every order condition through its order, and not the next", () => {
    expect(orderResidual({ a, b }, order)).toBeLessThan(1e-14);
    expect(orderResidual({ a, b }, order + 1)).toBeGreaterThan(1e-6);
  });

  test("has embedded weights, if any, of the order it declares", () => {
    if (!bError) return;
    const embedded = { a, b: b.map((weight, i) => weight - bError[i]!) };
    expect(orderResidual(embedded, embeddedOrder!)).toBeLessThan(1e-14);
    expect(orderResidual(embedded, embeddedOrder! + 1)).toBeGreaterThan(1e-6);
  });
});

/** The largest residual of a Rosenbrock method's order conditions: a vertex with one branch has β = α + Γ in place of α. */
function rosenbrockResidual(solver: RosenbrockSolver, weights: readonly number[], order: number): number {
  const { alphas, gammas } = slopeForm(solver);
  const row = (matrix: readonly (readonly number[])[], i: number, x: readonly number[]): number =>
    x.reduce((sum, value, j) => sum + (matrix[i]![j] ?? 0) * value, 0);
  const elementary = (tree: RootedTree): number[] => {
    const branches = tree.children.map((child) => elementary(child));
    return solver.m.map((_, i) => {
      const [only, second] = branches;
      if (only && !second) return row(alphas, i, only) + row(gammas, i, only);
      return branches.reduce((product, branch) => product * row(alphas, i, branch), 1);
    });
  };
  const b = solver.m.map((_, j) => weights.reduce((sum, weight, k) => sum + weight * gammas[k]![j]!, 0));
  return Math.max(
    ...rootedTrees(order).map((tree) => {
      const terms = elementary(tree).map((x, i) => b[i]! * x);
      const total = terms.reduce((sum, x) => sum + x, 0);
      return Math.abs(total - 1 / tree.density) / Math.max(1, ...terms.map(Math.abs));
    }),
  );
}

describe.each([rosenbrock23, rodas4, rodas5p])("$name", (solver) => {
  const { m, e = [], order, embeddedOrder = 0 } = solver;
  test("satisfies every order condition of a Rosenbrock method through its order, and not the next", () => {
    expect(rosenbrockResidual(solver, m, order)).toBeLessThan(1e-13);
    expect(rosenbrockResidual(solver, m, order + 1)).toBeGreaterThan(1e-6);
  });
  test("has embedded weights of the order it declares", () => {
    const embedded = m.map((weight, i) => weight - e[i]!);
    expect(rosenbrockResidual(solver, embedded, embeddedOrder)).toBeLessThan(1e-13);
    expect(rosenbrockResidual(solver, embedded, embeddedOrder + 1)).toBeGreaterThan(1e-6);
  });
});

describe("the error estimate of the reference step is the reference's", () => {
  const { t0, h, y0 } = data.problem;
  const state = { structure: null, leaves: [{ dtype: "float64" as const, shape: [2] }], paths: [""] };
  const known = data.steps.flatMap((step) => (step.err ? [{ ...step, err: step.err }] : []));
  test.each(known)("$solver", ({ solver: name, err }) => {
    const found = implicit.find((each) => each.name === name)!;
    // The reference does not filter.
    const solver = found.kind === "diagonallyImplicit" ? found.with({ filtered: false }) : found;
    const estimate = compile((t: Tensor, tNext: Tensor, y: Tensor) => {
      const field = traceField("test", (at, z) => tensorField(data.problem)(at, z as Tensor), state);
      const options = { field, state, jacobian: undefined, mass: undefined };
      const method = solver.method(options, { rtol: [], atol: [], exact: true });
      return method.attempt(t, tNext, tNext.sub(t), [y], method.begin(t, [y])).errors[0]![0]!;
    });
    const scalar = (x: number): Tensor => tensor(x, { dtype: "float64" });
    const own = numbers(estimate(scalar(t0), scalar(t0 + h), f64(y0)));
    const sign = Math.sign(own[0]! * err[0]!);
    err.forEach((x, i) => expect(Math.abs(own[i]! - sign * x)).toBeLessThan(1e-13));
  });
});

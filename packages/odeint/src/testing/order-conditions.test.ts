import { describe, expect, test } from "vitest";
import * as solvers from "../solvers";
import type { ExplicitSolver, SymplecticSolver } from "../tableau";
import {
  denseOrder,
  denseWeights,
  embeddedWeights,
  orderResidual,
  rootedTrees,
  splittingResidual,
} from "./order-conditions";

const all = Object.values(solvers) as readonly { readonly kind: string; readonly name: string }[];
const explicit = all.filter((solver): solver is ExplicitSolver => solver.kind === "explicit");
const symplectic = all.filter((solver): solver is SymplecticSolver => solver.kind === "symplectic");
const exact = 1e-14;
const violated = 1e-6;

test("there are 1, 1, 2, 4, 9, 20, 48 and 115 rooted trees of 1 to 8 vertices", () => {
  const sizes = rootedTrees(8).map(({ order }) => order);
  expect([1, 2, 3, 4, 5, 6, 7, 8].map((n) => sizes.filter((size) => size === n).length)).toEqual([
    1, 1, 2, 4, 9, 20, 48, 115,
  ]);
});

describe.each(explicit)("$name", (solver) => {
  test("satisfies every order condition through its order, and not the next", () => {
    expect(orderResidual(solver, solver.order)).toBeLessThan(exact);
    expect(orderResidual(solver, solver.order + 1)).toBeGreaterThan(violated);
  });

  test("has embedded weights of exactly the order it declares", () => {
    expect(solver.embeddedOrder === undefined).toBe(solver.bError === undefined);
    // The estimate that combines both shrinks as h^(2·6 − 4), like that of an embedded method of order 7.
    const orders = solver.errorEstimate === "dop853" ? [5, 3] : [solver.embeddedOrder];
    orders.forEach((order, i) => {
      if (order === undefined) return;
      const embedded = { a: solver.a, b: embeddedWeights(solver, i === 0 ? solver.bError : solver.bErrorLow) };
      expect(orderResidual(embedded, order)).toBeLessThan(exact);
      expect(orderResidual(embedded, order + 1)).toBeGreaterThan(violated);
    });
  });

  test.each([0.25, 0.5, 0.625, 0.9])("has dense output of exactly the order it declares at θ = %d", (theta) => {
    const order = denseOrder(solver);
    expect(orderResidual(denseWeights(solver, theta), order, theta)).toBeLessThan(exact);
    expect(orderResidual(denseWeights(solver, theta), order + 1, theta)).toBeGreaterThan(violated / 100);
  });

  test("has dense output that meets both ends of the step", () => {
    expect(denseWeights(solver, 0).b.every((weight) => weight === 0)).toBe(true);
    const { b } = denseWeights(solver, 1);
    b.forEach((weight, i) => expect(weight).toBeCloseTo(solver.b[i] ?? 0, 13));
  });
});

describe.each(symplectic)("$name", (solver) => {
  test("satisfies every order condition of a splitting through its order, and not the next", () => {
    expect(splittingResidual(solver, solver.order)).toBeLessThan(exact);
    expect(splittingResidual(solver, solver.order + 1)).toBeGreaterThan(violated);
  });
});

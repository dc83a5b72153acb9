import { describe, expect, test } from "vitest";
import { gaussLegendre } from "./quadrature";

describe.each([1, 2, 3, 4, 5, 8])("Gauss–Legendre with %d points", (points) => {
  const { nodes, weights } = gaussLegendre(points);
  const integral = (degree: number): number => nodes.reduce((sum, x, i) => sum + weights[i]! * x ** degree, 0);

  test("is exact to degree 2n − 1, and no further", () => {
    for (let degree = 0; degree < 2 * points; degree++) expect(integral(degree)).toBeCloseTo(1 / (degree + 1), 14);
    // The error for x^2n: (n!)⁴ / ((2n + 1) ((2n)!)²).
    const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
    const error = factorial(points) ** 4 / ((2 * points + 1) * factorial(2 * points) ** 2);
    expect(1 / (2 * points + 1) - integral(2 * points)).toBeCloseTo(error, 15);
  });

  test("has nodes in order, symmetric about ½", () => {
    expect([...nodes].sort((a, b) => a - b)).toEqual(nodes);
    nodes.forEach((x, i) => expect(x + nodes[points - 1 - i]!).toBeCloseTo(1, 15));
  });
});

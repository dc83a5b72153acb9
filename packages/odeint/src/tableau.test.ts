import { describe, expect, test } from "vitest";
import { bosh3, dop853, dopri5, leapfrog, rk4, ruth3, tsit5, vern7, vern9 } from "./solvers";

describe("explicitRungeKutta", () => {
  test("derives stages and FSAL from the tableau", () => {
    expect([rk4, bosh3, dopri5, tsit5, dop853, vern7, vern9].map(({ stages, fsal }) => [stages, fsal])).toEqual([
      [4, false],
      [4, true],
      [7, true],
      [7, true],
      [13, true],
      [11, true],
      [17, true],
    ]);
  });

  test("refuses tableaus that contradict themselves, and says where", () => {
    expect(() => rk4.with({ c: [0, 0.5, 0.25, 1] })).toThrow(/rk4: row 2 of a sums to 0.5, not 0.25; compare/);
    expect(() => rk4.with({ b: [1 / 6, 1 / 3, 1 / 3, 1 / 3] })).toThrow(/b sums to/);
    expect(() => rk4.with({ a: [[], [0.5], [0, 0.5], [1]] })).toThrow(/row 3 of a has 1 entries, not 3/);
    expect(() => rk4.with({ c: [0, 0.5, 1] })).toThrow(/c has 3 entries, not 4/);
    expect(() => bosh3.with({ bError: [1, 0, 0, 0] })).toThrow(/bError sums to 1, not 0/);
    expect(() => rk4.with({ errorEstimate: "dop853" })).toThrow(/lacks bError/);
    expect(() => rk4.with({ dense: { kind: "polynomial", order: 1, coefficients: [[1], [0], [0], [0]] } })).toThrow(
      /row 0 of dense.coefficients sums to 1/,
    );
    expect(() => rk4.with({ dense: { kind: "nested", order: 3, c: [], a: [], d: [] } })).toThrow(
      /rk4: its dense output needs a last stage that begins the next step/,
    );
    const { dense } = vern7;
    expect(() => vern7.with({ dense: { ...dense, d: [[1]] } as never })).toThrow(
      /row 0 of dense.d has 1 entries, not 16/,
    );
  });

  test("with() keeps the rest", () => {
    const renamed = tsit5.with({ name: "mine" });
    expect(renamed.name).toBe("mine");
    expect(renamed.a).toEqual(tsit5.a);
    expect(renamed.dense).toEqual(tsit5.dense);
    expect(renamed.with({ name: "tsit5" }).reference).toBe(tsit5.reference);
  });
});

describe("symplecticSplitting", () => {
  test("knows palindromes and counts forces", () => {
    expect([leapfrog, ruth3].map(({ symmetric, forceEvaluations }) => [symmetric, forceEvaluations])).toEqual([
      [true, 2],
      [false, 3],
    ]);
  });

  test("refuses sequences that do not add up to a step", () => {
    expect(() =>
      leapfrog.with({
        sequence: [
          ["kick", 1],
          ["drift", 0.5],
        ],
      }),
    ).toThrow(/drifts sums to 0.5, not 1/);
  });
});

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { derivatives } from "./derivatives";
import { readTable } from "./readTable";

const table = (text: string, trial?: string) =>
  readTable(text, { columns: ["q", "p"], time: "t", where: "a.csv", ...(trial === undefined ? {} : { trial }) });

test("forward differences divide by each true gap and drop the last row", () => {
  const result = derivatives(table("t,q,p\n0,0,1\n1,2,1\n3,3,5\n"), { scheme: "forward" });
  expect(result).toMatchObject({ count: 2, dim: 2 });
  expect([...result.states]).toEqual([0, 1, 2, 1]);
  expect([...result.derivatives]).toEqual([2, 0, 0.5, 2]);
  expect([...result.time]).toEqual([0, 1]);
});

test("central differences keep only rows with equal gaps on both sides", () => {
  const result = derivatives(table("t,q,p\n0,0,0\n1,1,2\n2,4,4\n4,16,8\n6,36,12\n"), { scheme: "central" });
  expect([...result.time]).toEqual([1, 4]);
  expect([...result.states]).toEqual([1, 2, 16, 8]);
  expect([...result.derivatives]).toEqual([2, 2, 8, 2]);
});

test("a parabola is exact for parabolas at any gaps", () => {
  const result = derivatives(table("t,q,p\n0,0,0\n1,1,2\n3,9,6\n3.5,12.25,7\n"), { scheme: "parabola" });
  expect([...result.time]).toEqual([1, 3]);
  expect([...result.derivatives].map((x) => Number(x.toFixed(12)))).toEqual([2, 2, 6, 2]);
});

test("gaps that differ only by the digits printed in the file are equal", () => {
  const text = "t,q,p\n5.000000,0,0\n5.166667,1,0\n5.333333,2,0\n5.500000,3,0\n";
  expect(derivatives(table(text), { scheme: "central" }).count).toBe(2);
  expect(() => derivatives(table(text), { scheme: "central", tolerance: 1e-7 })).toThrow(
    "a.csv: no row has equal gaps on both sides (they run from 0.1667, tolerance 1e-7); raise the tolerance or take forward differences",
  );
});

test("no difference crosses from one trial to the next", () => {
  const text = "k,t,q,p\n1,0,0,0\n1,1,1,0\n1,2,2,0\n2,3,100,0\n2,4,101,0\n2,5,102,0\n";
  for (const scheme of ["forward", "central"] as const) {
    const result = derivatives(table(text, "k"), { scheme });
    expect(result.count).toBe(scheme === "forward" ? 4 : 2);
    expect([...result.derivatives].filter((_, i) => i % 2 === 0)).toEqual(
      Array.from({ length: result.count }, () => 1),
    );
  }
});

test("trials of single rows have no difference to take", () => {
  expect(() => derivatives(table("k,t,q,p\n1,0,0,0\n2,1,1,0\n3,2,2,0\n", "k"), { scheme: "forward" })).toThrow(
    "a.csv: no trial has two rows, so there is no difference to take; check the trial column",
  );
});

test("central differences are exact for quadratics, and forward differences are off by half a gap", () => {
  const coefficient = fc.integer({ min: -50, max: 50 });
  fc.assert(
    fc.property(coefficient, coefficient, coefficient, fc.integer({ min: 3, max: 30 }), (a, b, c, n) => {
      const dt = 0.25;
      const rows = Array.from({ length: n }, (_, i) => [i * dt, a + b * i * dt + c * (i * dt) ** 2, b * i * dt]);
      const data = table("t,q,p\n" + rows.map((row) => row.join(",")).join("\n"));
      const central = derivatives(data, { scheme: "central" });
      const forward = derivatives(data, { scheme: "forward" });
      central.time.forEach((t, i) => expect(central.derivatives[2 * i]).toBeCloseTo(b + 2 * c * t, 9));
      forward.time.forEach((t, i) => expect(forward.derivatives[2 * i]).toBeCloseTo(b + 2 * c * (t + dt / 2), 9));
    }),
  );
});

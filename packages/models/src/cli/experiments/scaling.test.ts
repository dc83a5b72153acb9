import { expect, test } from "vitest";
import { readTable } from "../../series/readTable";
import { scaled, scaleStates, scalingOf, unscaleStates } from "./scaling";

const rows = Array.from({ length: 50 }, (_, i) => {
  const t = i / 10;
  return [t, 300 + 40 * Math.cos(t), -0.02 * Math.sin(t), 310 + 80 * Math.sin(t), 0.04 * Math.cos(t)].join(",");
});
const table = readTable(`t,a,b,c,d\n${rows.join("\n")}\n`, {
  columns: ["a", "c", "b", "d"],
  time: "t",
  where: "a.csv",
});

test("coordinates share one unit, momenta another, so that a Hamiltonian system stays one", () => {
  const { unit, center } = scalingOf(table);
  expect(unit[0]).toBe(unit[1]);
  expect(unit[2]).toBe(unit[3]);
  expect(center.slice(2)).toEqual([0, 0]);
  expect(center[0]).toBeGreaterThan(260);
});

test("scaled states are about 1 and change by about 1 per unit of time", () => {
  const scaling = scalingOf(table);
  const result = scaled(table, scaling);
  const size = Math.hypot(...Object.values(result.columns).flatMap((column) => [...column])) / Math.sqrt(200);
  expect(size).toBeGreaterThan(0.5);
  expect(size).toBeLessThan(1.5);
  expect(scalingOf(result).time).toBeCloseTo(1, 6);
});

test("states come back in the units of the file", () => {
  const scaling = scalingOf(table);
  const states = Float64Array.of(300, 310, -0.02, 0.04, 280, 390, 0, 0);
  unscaleStates(scaleStates(states, scaling), scaling).forEach((x, i) => expect(x).toBeCloseTo(states[i] ?? NaN, 10));
});

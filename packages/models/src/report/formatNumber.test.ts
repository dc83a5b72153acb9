import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, formatNumber, typesetNumber } from "./formatNumber";

test("numbers have three significant digits, and an exponent where they are small or large", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [-0, "0"],
    [64, "64"],
    [12345, "12345"],
    [0.0358, "0.0358"],
    [0.5, "0.500"],
    [3.14159, "3.14"],
    [31.4159, "31.4"],
    [-314.159, "-314"],
    [9.2449e-4, "9.24e-4"],
    [0.0099999, "0.0100"],
    [123456, "1.23e5"],
    [99999.7, "1.00e5"],
    [1e-300, "1.00e-300"],
    [NaN, "NaN"],
    [-Infinity, "-∞"],
  ];
  for (const [value, text] of cases) expect(formatNumber(value)).toBe(text);
});

test("on a page an exponent is raised and minus signs are real", () => {
  expect(typesetNumber(-9.24e-4)).toBe('−9.24 × 10<sup class="power">−4</sup>');
  expect(typesetNumber(-0.5)).toBe("−0.500");
});

test("a formatted number is within half of its third digit", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e100, max: 1e100 }), (value) => {
      fc.pre(Math.abs(value) > 1e-100);
      expect(Math.abs(Number(formatNumber(value)) / value - 1)).toBeLessThanOrEqual(0.00501);
    }),
  );
});

test("durations read as people say them", () => {
  expect([0.04, 9.94, 42.4, 83.2, 3599.4, 7800].map(formatDuration)).toEqual([
    "0.0 s",
    "9.9 s",
    "42 s",
    "1 min 23 s",
    "59 min 59 s",
    "2 h 10 min",
  ]);
});

import { expect, test } from "vitest";
import { readTable } from "../../series/readTable";
import { rolloutTable } from "./rolloutErrors";

const line = (rows: number) =>
  readTable(`t,q\n${Array.from({ length: rows }, (_, i) => `${i},${2 * i}`).join("\n")}\n`, {
    columns: ["q"],
    time: "t",
    where: "a.csv",
  });

test("a right model has no error where no change is wrong, at each horizon that the trials allow", () => {
  const { rows } = rolloutTable(line(30), (from, times) =>
    times.map((t) => (from[0] ?? NaN) + 2 * (t - (times[0] ?? 0))),
  );
  expect(rows.map((row) => row.map((cell) => (typeof cell === "object" && cell !== null ? cell.value : cell)))).toEqual(
    [
      ["1 row", 20, 0, 2],
      ["10 rows", 14, 0, 20],
    ],
  );
});

test("a model that stays put is as bad as no change", () => {
  const { rows } = rolloutTable(line(5), (from, times) => times.map(() => from[0] ?? NaN));
  expect(rows).toEqual([["1 row", 4, { value: 2, emphasis: true }, 2]]);
});

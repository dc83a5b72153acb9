import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readTable } from "./readTable";
import { sliceTable } from "./sliceTable";
import { split } from "./split";
import { windows } from "./windows";

const tableAt = (times: readonly number[], trials?: readonly number[]) =>
  readTable("k,t,x\n" + times.map((t, i) => `${trials?.[i] ?? 0},${t},${i}`).join("\n"), {
    columns: ["x"],
    time: "t",
    where: "a.csv",
    trial: "k",
    minimumRows: 1,
  });

test("windows are all runs of rows at the median gap, and none crosses a longer gap", () => {
  const result = windows(tableAt([0, 1, 2, 4, 5, 6, 7]), { length: 3 });
  expect(result).toMatchObject({ count: 3, length: 3, dim: 1, gap: 1 });
  expect([...result.states]).toEqual([0, 1, 2, 3, 4, 5, 4, 5, 6]);
  expect([...result.starts]).toEqual([0, 4, 5]);
});

test("windows stay inside a trial", () => {
  const result = windows(tableAt([0, 1, 2, 3, 4, 5], [1, 1, 1, 2, 2, 2]), { length: 3 });
  expect([...result.states]).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a step of length - 1 gives windows that share only their end rows", () => {
  expect([...windows(tableAt([0, 1, 2, 3, 4, 5, 6]), { length: 3, step: 2 }).starts]).toEqual([0, 2, 4]);
});

test("states of several columns stand side by side", () => {
  const table = readTable("t,q,p\n0,1,10\n1,2,20\n2,3,30\n", { columns: ["q", "p"], time: "t", where: "a.csv" });
  const result = windows(table, { length: 2 });
  expect(result.dim).toBe(2);
  expect([...result.states]).toEqual([1, 10, 2, 20, 2, 20, 3, 30]);
});

test("without a long enough run the message says what gaps there are", () => {
  expect(() => windows(tableAt([0, 1, 3, 4, 6]), { length: 3 })).toThrow(
    "a.csv: has no 3 consecutive rows at equal gaps (gaps run from 1 to 2, the median is 1); ask for fewer rows or raise the tolerance 0.001",
  );
  expect(() => windows(tableAt([0, 1]), { length: 1 })).toThrow("windows: length is 1; give an integer of 2 or more");
  expect(() => windows(tableAt([0, 1]), { length: 2, step: 0 })).toThrow(
    "windows: step is 0; give an integer of 1 or more",
  );
});

test("every window has the common gap throughout, and every such run of rows is found", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(1, 1, 1, 2), { minLength: 3, maxLength: 40 }),
      fc.integer({ min: 2, max: 5 }),
      (gaps, length) => {
        const times = gaps.reduce<number[]>((all, gap) => [...all, (all.at(-1) ?? 0) + gap], [0]);
        const median = [...gaps].sort()[Math.floor((gaps.length - 1) / 2)];
        const expected = times.flatMap((_, i) =>
          i + length <= times.length && gaps.slice(i, i + length - 1).every((gap) => gap === median) ? [i] : [],
        );
        const cut = (): number[] => [...windows(tableAt(times), { length }).states].filter((_, k) => k % length === 0);
        if (expected.length === 0) expect(cut).toThrow("consecutive rows");
        else expect(cut()).toEqual(expected);
      },
    ),
  );
});

test("a split keeps the order and gives each part a row", () => {
  expect(split(555, 0.8)).toEqual({ train: { start: 0, end: 444 }, test: { start: 444, end: 555 } });
  expect(split(100, 0.29).train.end).toBe(29);
  expect(() => split(10, 1)).toThrow("split: fraction is 1; give a number between 0 and 1");
  expect(() => split(1, 0.5)).toThrow("split: n is 1; two parts need an integer of 2 or more");
  expect(() => split(3, 0.1)).toThrow("split: 0.1 of 3 rows leaves one part empty; give more rows or another fraction");
});

test("a slice of a table cuts its trials to fit", () => {
  const table = sliceTable(tableAt([0, 1, 2, 3, 4, 5], [1, 1, 1, 2, 2, 2]), { start: 2, end: 5 });
  expect([...table.time]).toEqual([2, 3, 4]);
  expect([...(table.columns["x"] ?? [])]).toEqual([2, 3, 4]);
  expect(table.trials).toEqual([
    { name: "1", start: 0, end: 1 },
    { name: "2", start: 1, end: 3 },
  ]);
  expect(() => sliceTable(table, { start: 1, end: 4 })).toThrow("sliceTable: rows 1 to 4 do not lie in a table of 3");
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnNames, readTable } from "./readTable";

const options = { columns: ["q", "p"], time: "t", where: "a.csv" };
const read = (text: string, extra: { trial?: string; columns?: string[]; minimumRows?: number } = {}) =>
  readTable(text, { ...options, ...extra });

describe("a good file", () => {
  test("becomes columns in the order asked for, whatever the order in the file", () => {
    const table = read("p,t,note,q\n1,0,x,10\n2,0.5,y,20\n3,1.5,,30\n");
    expect(table.names).toEqual(["q", "p"]);
    expect([...table.time]).toEqual([0, 0.5, 1.5]);
    expect([...(table.columns["q"] ?? [])]).toEqual([10, 20, 30]);
    expect([...(table.columns["p"] ?? [])]).toEqual([1, 2, 3]);
    expect(table.trials).toEqual([{ name: "", start: 0, end: 3 }]);
  });

  test("may use semicolons or tabs, Windows line ends, a byte order mark, spaces, quotes and empty lines", () => {
    for (const separator of [",", ";", "\t"]) {
      const text = ["t,q,p", '"0", 1 ,2', "", "1,+3e0,.5", "2,-5.,6", ""].join("\r\n").replaceAll(",", separator);
      const table = read("\uFEFF" + text);
      expect([...(table.columns["q"] ?? [])]).toEqual([1, 3, -5]);
      expect([...(table.columns["p"] ?? [])]).toEqual([2, 0.5, 6]);
    }
  });

  test("with a trial column lets time start again and puts interleaved trials together", () => {
    const table = read("trial,t,q,p\na,0,1,0\nb,0,2,0\na,1,3,0\nb,1,4,0\n", { trial: "trial" });
    expect(table.trials).toEqual([
      { name: "a", start: 0, end: 2 },
      { name: "b", start: 2, end: 4 },
    ]);
    expect([...(table.columns["q"] ?? [])]).toEqual([1, 3, 2, 4]);
  });

  test("gives back any finite numbers that were written into it", () => {
    const cell = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 3 }), (rows) => {
        const table = read("t,q,p\n" + rows.map(([q, p], t) => `${t},${q},${p}`).join("\n"));
        expect(table.rows).toBe(rows.length);
        rows.forEach(([q, p], i) => {
          expect(table.columns["q"]?.[i]).toBe(q === 0 ? (table.columns["q"]?.[i] ?? NaN) : q);
          expect(table.columns["p"]?.[i]).toBe(p === 0 ? (table.columns["p"]?.[i] ?? NaN) : p);
        });
      }),
    );
  });

  test("shows its header", () => expect(columnNames("t, q,p\n", "a.csv")).toEqual(["t", "q", "p"]));
});

describe("a bad file is refused with where, what and what to do", () => {
  const good = "t,q,p\n0,1,2\n1,3,4\n2,5,6\n";
  const cases: [what: string, text: string, extra: Parameters<typeof read>[1], message: string][] = [
    ["empty", " \n\n", {}, "a.csv: is empty; give a CSV file with a header and rows of numbers"],
    [
      "no header",
      "0,1,2\n1,3,4\n",
      {},
      "a.csv: row 1 holds numbers (0, 1, 2) where column names are expected; add a header such as t,q,p",
    ],
    ["missing column", good, { columns: ["q", "v"] }, 'a.csv: has no column "v"; it has t, q, p'],
    ["missing trial column", good, { trial: "run" }, 'a.csv: has no column "run"; it has t, q, p'],
    [
      "column asked for twice",
      good,
      { columns: ["q", "q"] },
      'a.csv: column "q" was asked for twice; name each column once',
    ],
    [
      "no column asked for",
      good,
      { columns: [] },
      "a.csv: no state column was asked for; name at least one of t, q, p",
    ],
    ["doubled column", "t,q,q,p\n0,1,1,2\n", {}, 'a.csv: column "q" stands in the header twice; rename one of the two'],
    [
      "NaN",
      "t,q,p\n0,1,2\n\n1,NaN,4\n2,5,6\n",
      {},
      'a.csv: row 4, column "q" holds "NaN", which is not a finite number; fill in a number or remove the row',
    ],
    [
      "hexadecimal",
      "t,q,p\n0,1,2\n1,0x1,4\n2,5,6\n",
      {},
      'a.csv: row 3, column "q" holds "0x1", which is not a finite number; fill in a number or remove the row',
    ],
    [
      "overflow",
      "t,q,p\n0,1,2\n1,1e999,4\n2,5,6\n",
      {},
      'a.csv: row 3, column "q" holds "1e999", which is not a finite number; fill in a number or remove the row',
    ],
    [
      "short row",
      "t,q,p\n0,1,2\n1,3\n2,5,6\n",
      {},
      'a.csv: row 3, column "p" is empty; fill in a number or remove the row',
    ],
    [
      "repeated time",
      "t,q,p\n0,1,2\n1,3,4\n1,5,6\n",
      {},
      "a.csv: time t repeats: 1 in row 3, 1 in row 4; sort the rows by time, or name the column that tells trials apart",
    ],
    [
      "decreasing time",
      "t,q,p\n0,1,2\n2,3,4\n1.5,5,6\n",
      {},
      "a.csv: time t goes back: 2 in row 3, 1.5 in row 4; sort the rows by time, or name the column that tells trials apart",
    ],
    [
      "repeated time in a trial",
      "k,t,q,p\n7,0,1,2\n8,0,3,4\n7,0,5,6\n",
      { trial: "k" },
      "a.csv: time t of trial 7 repeats: 0 in row 2, 0 in row 4; sort the rows by time and remove repeats",
    ],
    ["too short", "t,q,p\n0,1,2\n", {}, "a.csv: has 1 row of values; at least 3 are needed"],
    ["only a header", "t,q,p\n", {}, "a.csv: has 0 rows of values; at least 3 are needed"],
    ["open quote", 't,q,p\n0,"1,2\n1,3,4\n', {}, "a.csv: row 2 has a quote that is not closed; close or remove it"],
  ];
  test.each(cases)("%s", (_what, text, extra, message) => {
    expect(() => read(text, extra)).toThrow(new Error(message));
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { solverNotes } from "./support/solver-notes";
import { exported, solverTable } from "./support/solver-table";

const path = new URL("../../../docs/solvers.md", import.meta.url);
const marks = ["<!-- solvers -->\n", "\n<!-- end of solvers -->"] as const;

/** The page before the tables, the tables, and what comes after. */
function split(page: string): [string, string, string] {
  const [from, to] = [page.indexOf(marks[0]) + marks[0].length, page.indexOf(marks[1])];
  return [page.slice(0, from), page.slice(from, to), page.slice(to)];
}

test("every solver has a note on when to choose it, and every note a solver", () => {
  expect(Object.keys(solverNotes).sort()).toEqual(exported.map(([name]) => name).sort());
});

test("docs/solvers.md shows the solvers as they are (UPDATE_SOLVERS=1 writes its tables)", () => {
  const [before, , after] = split(readFileSync(path, "utf8"));
  if (process.env["UPDATE_SOLVERS"]) writeFileSync(path, `${before}${solverTable()}${after}`);
  expect(split(readFileSync(path, "utf8"))[1]).toBe(solverTable());
});

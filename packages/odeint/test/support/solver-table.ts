import * as solvers from "../../src/solvers";
import type { Solver } from "../../src/solver";
import type { ExplicitSolver, SymplecticSolver } from "../../src/tableau";
import { denseOrder } from "../../src/testing";
import { type SolverNote, solverNotes } from "./solver-notes";

/** Columns of the table. */
interface Row {
  readonly order: string;
  readonly work: string;
  readonly dense: string;
  readonly error: string;
}

/** What the solvers of families without types of their own here may say of themselves. */
interface Described {
  readonly order: number;
  readonly stages?: number;
  readonly denseOrder?: number;
  readonly dense?: { readonly order?: number };
  readonly embeddedOrder?: number;
}

/** Solvers by the names under which they are exported. */
export const exported: readonly (readonly [string, Solver])[] = Object.entries(solvers);

const families = {
  explicit: "Explicit, for what is not stiff",
  implicit: "Implicit, for what is stiff",
  imex: "Implicit for one part, explicit for the other",
  symplectic: "Splittings, for separable Hamiltonians",
  structure: "Others that keep structure",
} as const;

type Family = keyof typeof families;

const work: Record<Family, string> = {
  explicit: "evaluations a step",
  implicit: "stages",
  imex: "stages",
  symplectic: "forces a step",
  structure: "stages, or evaluations a step",
};

function familyOf({ kind }: Solver, note: SolverNote): Family {
  switch (kind) {
    case "stepper":
      return note.family ?? "explicit";
    case "explicit":
    case "imex":
    case "symplectic":
      return kind;
    default:
      return "implicit";
  }
}

function explicitRow(solver: ExplicitSolver): Row {
  const { dense, errorEstimate, embeddedOrder } = solver;
  const further = dense?.kind === "nested" ? `, ${dense.c.length} more evaluations` : "";
  const estimate = embeddedOrder === undefined ? "–" : `order ${embeddedOrder}`;
  return {
    order: String(solver.order),
    work: String(solver.fsal ? solver.stages - 1 : solver.stages),
    dense: `${denseOrder(solver)}${further}`,
    error: errorEstimate === "dop853" ? "orders 5 and 3 together" : estimate,
  };
}

function splittingRow({ order, sequence, forceEvaluations, rkn }: SymplecticSolver): Row {
  const kept = sequence[0]![0] === "kick" && sequence.at(-1)![0] === "kick";
  return {
    order: rkn ? `${order} for T = p·p/2` : String(order),
    work: String(kept ? forceEvaluations - 1 : forceEvaluations),
    dense: String(Math.min(order, 3)),
    error: "–",
  };
}

const describedRow = ({ order, stages, denseOrder, dense, embeddedOrder }: Described): Row => ({
  order: String(order),
  work: stages === undefined ? "" : String(stages),
  dense: String(denseOrder ?? dense?.order ?? Math.min(order, 3)),
  error: embeddedOrder === undefined ? "–" : `order ${embeddedOrder}`,
});

function rowOf(solver: Solver, note: SolverNote): Row {
  const own =
    solver.kind === "explicit"
      ? explicitRow(solver)
      : solver.kind === "symplectic"
        ? splittingRow(solver)
        : describedRow(solver as Described);
  return { ...own, ...note };
}

const publication = (reference: string): string =>
  reference
    .replaceAll(/doi:(10\.[^\s;,]*[^\s;,.])/g, "[doi](https://doi.org/$1)")
    .replaceAll(/arXiv:(\d+\.\d+)/g, "[arXiv](https://arxiv.org/abs/$1)");

/** The tables of all solvers that are exported, by families, in Markdown. */
export function solverTable(): string {
  const all = exported.map(([name, solver]) => {
    const note = solverNotes[name];
    if (!note) throw new Error(`solverTable: there is no note on ${name}; say in solver-notes.ts when to choose it`);
    return { name, solver, note, family: familyOf(solver, note) };
  });
  return (Object.keys(families) as Family[])
    .map((family) => {
      const rows = all
        .filter((each) => each.family === family)
        .sort((a, b) => a.solver.order - b.solver.order || (a.name < b.name ? -1 : 1))
        .map(({ name, solver, note }) => {
          const { order, work, dense, error } = rowOf(solver, note);
          return `| \`${name}\` | ${order} | ${work} | ${dense} | ${error} | ${note.when} | ${publication(solver.reference)} |`;
        });
      return [
        `### ${families[family]}`,
        "",
        `| solver | order | ${work[family]} | order of dense output | error estimate | when | published |`,
        "|---|---|---|---|---|---|---|",
        ...rows,
      ].join("\n");
    })
    .join("\n\n");
}

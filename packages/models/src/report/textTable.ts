import type { ReportTable } from "./report";
import { cellText, groupRuns, isEmphasized, noteOf } from "./table";

/**
 * A table as lines of text for a terminal: the same content as on the page, aligned, with footnotes.
 * An emphasized cell is followed by `*`. Ends with a line break.
 */
export function textTable(table: ReportTable): string {
  const header = table.columns.map((column) => column.label + (column.group === undefined ? mark(column.note) : ""));
  const body = table.rows.map((row) =>
    row.map((cell) => cellText(cell) + mark(noteOf(cell)) + (isEmphasized(cell) ? "*" : "")),
  );
  const widths = header.map((label, k) => Math.max(length(label), ...body.map((row) => length(row[k] ?? ""))));
  const runs = groupRuns(table.columns);
  for (const run of runs) {
    // widen the last column of a group whose heading is longer than its columns
    const last = run.start + run.columns.length - 1;
    const missing = length(groupLabel(run)) - spanOf(widths, run.start, last);
    if (missing > 0) widths[last] = (widths[last] ?? 0) + missing;
  }
  const lines: string[] = table.title ? [table.title, ""] : [];
  if (runs.some((run) => run.group !== undefined)) {
    const groups = runs.map((run) =>
      center(groupLabel(run), spanOf(widths, run.start, run.start + run.columns.length - 1)),
    );
    lines.push(groups.join(gap));
  }
  lines.push(alignRow(header, widths), widths.map((width) => "─".repeat(width)).join(gap));
  lines.push(...body.map((row) => alignRow(row, widths)));
  if (table.notes && table.notes.length > 0) lines.push("", ...table.notes.map((note, k) => `[${k + 1}] ${note}`));
  return lines.map((line) => line.trimEnd()).join("\n") + "\n";
}

const gap = "   ";
const length = (text: string): number => [...text].length;
const mark = (note: number | undefined): string => (note === undefined ? "" : ` [${note}]`);

function groupLabel(run: ReturnType<typeof groupRuns>[number]): string {
  const note = run.columns.find((column) => column.note !== undefined)?.note;
  return run.group === undefined ? "" : run.group + mark(note);
}

function spanOf(widths: readonly number[], from: number, to: number): number {
  return widths.slice(from, to + 1).reduce((sum, width) => sum + width, 0) + gap.length * (to - from);
}

function center(text: string, width: number): string {
  const left = Math.floor((width - length(text)) / 2);
  return " ".repeat(left) + text + " ".repeat(width - length(text) - left);
}

/** The first column names the row and stands left; numbers stand right. */
function alignRow(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, k) => {
      const space = " ".repeat(Math.max(0, (widths[k] ?? 0) - length(cell)));
      return k === 0 ? cell + space : space + cell;
    })
    .join(gap);
}

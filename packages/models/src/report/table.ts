import { escape } from "./escape";
import { formatNumber, typesetNumber } from "./formatNumber";
import type { Cell, CellValue, ReportTable, TableColumn } from "./report";

/** A table as HTML, with grouped headings and footnotes. */
export function renderTable(table: ReportTable): string {
  const notes = table.notes ?? [];
  return `<div class="table">
<table>
${table.title ? `<caption>${escape(table.title)}</caption>` : ""}
<thead>${headings(table.columns)}</thead>
<tbody>
${table.rows.map((row) => `<tr>${row.map((cell, k) => renderCell(cell, k, table.columns)).join("")}</tr>`).join("\n")}
</tbody>
</table>
${notes.length > 0 ? `<ol class="notes">${notes.map((note) => `<li>${escape(note)}</li>`).join("")}</ol>` : ""}
</div>`;
}

/** The value of a cell as plain text; `null` is a dash. */
export function cellText(cell: Cell | undefined): string {
  const value = valueOf(cell ?? null);
  return value === null ? "-" : typeof value === "number" ? formatNumber(value) : value;
}

function cellHtml(cell: Cell): string {
  const value = valueOf(cell);
  return value === null ? "–" : typeof value === "number" ? typesetNumber(value) : escape(value);
}

/** Runs of neighbouring columns with one group; a column without a group is a run of its own. */
export function groupRuns(
  columns: readonly TableColumn[],
): { readonly group: string | undefined; readonly start: number; readonly columns: readonly TableColumn[] }[] {
  const runs: { group: string | undefined; start: number; columns: TableColumn[] }[] = [];
  columns.forEach((column, start) => {
    const last = runs.at(-1);
    if (last && column.group !== undefined && last.group === column.group) last.columns.push(column);
    else runs.push({ group: column.group, start, columns: [column] });
  });
  return runs;
}

export const noteOf = (cell: Cell | undefined): number | undefined =>
  typeof cell === "object" && cell !== null ? cell.note : undefined;
export const isEmphasized = (cell: Cell | undefined): boolean =>
  typeof cell === "object" && cell !== null && cell.emphasis === true;

const valueOf = (cell: Cell): CellValue => (typeof cell === "object" && cell !== null ? cell.value : cell);
const reference = (note: number | undefined): string => (note === undefined ? "" : `<sup>[${note}]</sup>`);

function headings(columns: readonly TableColumn[]): string {
  const own = (column: TableColumn): string =>
    `<th scope="col">${escape(column.label)}${column.group === undefined ? reference(column.note) : ""}</th>`;
  const runs = groupRuns(columns);
  if (runs.every((run) => run.group === undefined)) return `<tr>${columns.map(own).join("")}</tr>`;
  const upper = runs.map((run) => {
    if (run.group === undefined) return run.start === 0 ? "<td></td>" : "<th></th>";
    const note = run.columns.find((column) => column.note !== undefined)?.note;
    return `<th scope="colgroup" class="group" colspan="${run.columns.length}">${escape(run.group)}${reference(note)}</th>`;
  });
  return `<tr>${upper.join("")}</tr><tr>${columns.map(own).join("")}</tr>`;
}

function renderCell(cell: Cell, index: number, columns: readonly TableColumn[]): string {
  const text = cellHtml(cell) + reference(noteOf(cell));
  if (index === 0) return `<th scope="row">${text}</th>`;
  const starts = columns[index]?.group !== columns[index - 1]?.group ? ' class="starts"' : "";
  return `<td${starts}>${isEmphasized(cell) ? `<strong>${text}</strong>` : text}</td>`;
}

import type { SeriesTable } from "./readTable";

/** Rows `start` to `end - 1` of a table, with the trials cut to fit. Split with this before cutting windows. */
export function sliceTable(
  table: SeriesTable,
  { start, end }: { readonly start: number; readonly end: number },
): SeriesTable {
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= table.rows))
    throw new Error(
      `sliceTable: rows ${start} to ${end} do not lie in a table of ${table.rows}; give 0 <= start < end <= ${table.rows}`,
    );
  return {
    ...table,
    rows: end - start,
    time: table.time.slice(start, end),
    columns: Object.fromEntries(
      Object.entries(table.columns).map(([name, column]) => [name, column.slice(start, end)]),
    ),
    trials: table.trials
      .filter((trial) => trial.end > start && trial.start < end)
      .map((trial) => ({
        name: trial.name,
        start: Math.max(trial.start, start) - start,
        end: Math.min(trial.end, end) - start,
      })),
  };
}

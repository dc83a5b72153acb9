import type { ReportTable } from "../../report/report";
import type { SeriesTable } from "../../series/readTable";

/** Rolls a model out: states `[times, dim]`, row by row, from `from` at `times[0]`. */
export type Forecast = (from: Float64Array, times: Float64Array) => Float64Array;

/** How far ahead, in rows. */
const horizons = [1, 10, 50] as const;
/** Starts per trial, evenly spaced: enough to average over, few enough to take no time. */
const starts = 20;

/**
 * Root mean square errors of forecasts from many rows of a table, in the unit of each column, beside those of
 * "nothing changes", which any model has to beat. Horizons longer than every trial are left out.
 */
export function rolloutTable(table: SeriesTable, forecast: Forecast): ReportTable {
  const sums = horizons.map(() => ({ count: 0, model: table.names.map(() => 0), hold: table.names.map(() => 0) }));
  for (const trial of table.trials) {
    for (const from of startsOf(trial.start, trial.end)) {
      const to = Math.min(trial.end, from + Math.max(...horizons) + 1);
      const dim = table.names.length;
      const predicted = forecast(rowOf(table, from), table.time.slice(from, to));
      horizons.forEach((ahead, h) => {
        const sum = sums[h];
        if (!sum || from + ahead >= to) return;
        sum.count += 1;
        table.names.forEach((name, k) => {
          const column = table.columns[name] ?? new Float64Array();
          const truth = column[from + ahead] ?? NaN;
          sum.model[k] = (sum.model[k] ?? 0) + ((predicted[ahead * dim + k] ?? NaN) - truth) ** 2;
          sum.hold[k] = (sum.hold[k] ?? 0) + ((column[from] ?? NaN) - truth) ** 2;
        });
      });
    }
  }
  return {
    title: "Forecast error, by rows ahead (root mean square, in the unit of each column)",
    columns: [
      { label: "" },
      { label: "forecasts" },
      ...table.names.flatMap((name) => [
        { label: "model", group: name },
        { label: "no change", group: name },
      ]),
    ],
    rows: sums.flatMap(({ count, model, hold }, h) =>
      count === 0
        ? []
        : [
            [
              `${horizons[h]} ${horizons[h] === 1 ? "row" : "rows"}`,
              count,
              ...table.names.flatMap((_, k) => [
                { value: Math.sqrt((model[k] ?? NaN) / count), emphasis: true },
                Math.sqrt((hold[k] ?? NaN) / count),
              ]),
            ],
          ],
    ),
  };
}

/** The states in one row. */
export function rowOf(table: SeriesTable, row: number): Float64Array {
  return Float64Array.from(table.names, (name) => table.columns[name]?.[row] ?? NaN);
}

/** Up to `starts` rows, all of which have a row after them. */
function startsOf(start: number, end: number): number[] {
  const all = end - start - 1;
  const count = Math.min(starts, all);
  return Array.from({ length: count }, (_, i) => start + Math.floor((i * all) / count));
}

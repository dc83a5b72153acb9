import type { SeriesTable } from "./readTable";

/**
 * By how much two time gaps may differ, relative to their size, and still count as equal.
 * Files print times with few digits (1/6 s as 0.166667 and 0.166666, 4e-6 apart), so this is far above round-off,
 * and at 1e-3 the error in a derivative stays below that of any sensor.
 */
export const gapTolerance = 1e-3;

/** All gaps between neighbouring rows of one trial. */
export function gapsOf(table: SeriesTable): Float64Array {
  const gaps: number[] = [];
  for (const { start, end } of table.trials)
    for (let i = start + 1; i < end; i++) gaps.push((table.time[i] ?? NaN) - (table.time[i - 1] ?? NaN));
  return Float64Array.from(gaps);
}

/** "0.033 to 0.034", or "0.1" if all are alike. */
export function rangeText(gaps: Float64Array): string {
  let min = Infinity;
  let max = -Infinity;
  for (const gap of gaps) {
    min = Math.min(min, gap);
    max = Math.max(max, gap);
  }
  const text = (gap: number): string => String(Number(gap.toPrecision(4)));
  return text(min) === text(max) ? text(min) : `${text(min)} to ${text(max)}`;
}

/** Rows of the state columns, side by side: `[to - from, dim]`, written at `offset`. */
export function copyStates(
  table: SeriesTable,
  rows: { readonly from: number; readonly to: number },
  target: Float64Array,
  offset: number,
): void {
  table.names.forEach((name, k) => {
    const column = table.columns[name] ?? new Float64Array();
    for (let i = rows.from; i < rows.to; i++)
      target[offset + (i - rows.from) * table.names.length + k] = column[i] ?? NaN;
  });
}

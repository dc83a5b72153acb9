import { copyStates, gapsOf, gapTolerance, rangeText } from "./gaps";
import type { SeriesTable } from "./readTable";

/** Runs of consecutive states at one common gap. */
export interface Windows {
  readonly count: number;
  /** Rows in a window; it spans `length - 1` steps. */
  readonly length: number;
  readonly dim: number;
  /** `[count, length, dim]`, row by row */
  readonly states: Float64Array;
  /** Time between neighbouring rows of every window: the mean of the gaps that were accepted. */
  readonly gap: number;
  /** `[count]`, the time of the first row of each window */
  readonly starts: Float64Array;
}

/** Which windows to cut. */
export interface WindowOptions {
  /** Rows in a window, 2 or more. */
  readonly length: number;
  /** Rows from the start of one window to the start of the next tried. @defaultValue 1, all overlapping windows */
  readonly step?: number;
  /** Relative difference from the median gap up to which a gap is accepted. @defaultValue 1e-3 */
  readonly tolerance?: number;
}

/**
 * All runs of `length` rows inside a trial whose gaps all equal the median gap.
 * Neighbouring windows share rows: to hold data out, split the rows first, not the windows.
 * @throws Error if no run is long enough
 */
export function windows(table: SeriesTable, options: WindowOptions): Windows {
  const { length, step = 1, tolerance = gapTolerance } = options;
  if (!Number.isInteger(length) || length < 2)
    throw new Error(`windows: length is ${length}; give an integer of 2 or more`);
  if (!Number.isInteger(step) || step < 1) throw new Error(`windows: step is ${step}; give an integer of 1 or more`);
  const gaps = gapsOf(table);
  const median = medianOf(gaps);
  const accepts = (gap: number): boolean => Math.abs(gap - median) <= tolerance * median;
  const starts = startsOf(table, { length, step, accepts });
  if (starts.length === 0) {
    const found =
      gaps.length === 0
        ? "no trial has two rows"
        : `gaps run from ${rangeText(gaps)}, the median is ${Number(median.toPrecision(4))}`;
    throw new Error(
      `${table.where}: has no ${length} consecutive rows at equal gaps (${found}); ask for fewer rows or raise the tolerance ${tolerance}`,
    );
  }
  const dim = table.names.length;
  const states = new Float64Array(starts.length * length * dim);
  starts.forEach((from, k) => copyStates(table, { from, to: from + length }, states, k * length * dim));
  const accepted = gaps.filter(accepts);
  return {
    count: starts.length,
    length,
    dim,
    states,
    gap: accepted.reduce((sum, gap) => sum + gap, 0) / accepted.length,
    starts: Float64Array.from(starts, (row) => table.time[row] ?? NaN),
  };
}

function startsOf(
  table: SeriesTable,
  { length, step, accepts }: { length: number; step: number; accepts: (gap: number) => boolean },
): number[] {
  const starts: number[] = [];
  for (const { start, end } of table.trials) {
    let run = 1; // rows up to i at accepted gaps
    let next = start;
    for (let i = start + 1; i < end; i++) {
      run = accepts((table.time[i] ?? NaN) - (table.time[i - 1] ?? NaN)) ? run + 1 : 1;
      const first = i - length + 1;
      if (run < length || first < next) continue;
      starts.push(first);
      next = first + step;
    }
  }
  return starts;
}

function medianOf(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

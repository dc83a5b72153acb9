import type { SeriesTable } from "../../series/readTable";

/**
 * Units in which a Hamiltonian series is about 1. All coordinates share one unit and all momenta another,
 * so that a Hamiltonian system stays one; only coordinates are centred, since damping acts on p itself. JSON.
 */
export interface Scaling {
  /** Taken from each column. */
  readonly center: readonly number[];
  /** Then each column is divided by this. */
  readonly unit: readonly number[];
  /** Time is divided by this; the states then change by about 1 per unit of time. */
  readonly time: number;
}

/** The scaling of a table with coordinates first and as many momenta after them. */
export function scalingOf(table: SeriesTable): Scaling {
  const columns = table.names.map((name) => table.columns[name] ?? new Float64Array());
  const dim = columns.length / 2;
  const center = columns.map((column, k) => (k < dim ? mean(column) : 0));
  const spread = (from: number): number =>
    Math.sqrt(mean(columns.slice(from, from + dim).map((column, k) => meanSquare(column, center[from + k] ?? 0)))) || 1;
  const units = [spread(0), spread(dim)] as const;
  const unit = columns.map((_, k) => units[k < dim ? 0 : 1]);
  const speeds = table.trials.flatMap(({ start, end }) =>
    Array.from({ length: Math.max(0, end - start - 1) }, (_, i) => {
      const [a, b] = [start + i, start + i + 1];
      const gap = (table.time[b] ?? NaN) - (table.time[a] ?? NaN);
      return mean(columns.map((column, k) => (((column[b] ?? NaN) - (column[a] ?? NaN)) / gap / (unit[k] ?? 1)) ** 2));
    }),
  );
  return { center, unit, time: 1 / (Math.sqrt(mean(speeds)) || 1) };
}

/** The table in those units. */
export function scaled(table: SeriesTable, { center, unit, time }: Scaling): SeriesTable {
  return {
    ...table,
    time: table.time.map((t) => t / time),
    columns: Object.fromEntries(
      table.names.map((name, k) => [
        name,
        (table.columns[name] ?? new Float64Array()).map((x) => (x - (center[k] ?? 0)) / (unit[k] ?? 1)),
      ]),
    ),
  };
}

/** States, row by row, into the units of a scaling. */
export function scaleStates(states: Float64Array, { center, unit }: Scaling): Float64Array {
  return states.map((x, i) => (x - (center[i % unit.length] ?? 0)) / (unit[i % unit.length] ?? 1));
}

/** States, row by row, back in the units of the file. */
export function unscaleStates(states: Float64Array, { center, unit }: Scaling): Float64Array {
  return states.map((x, i) => x * (unit[i % unit.length] ?? 1) + (center[i % unit.length] ?? 0));
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);
}

const meanSquare = (values: Float64Array, center: number): number => mean(values.map((x) => (x - center) ** 2));

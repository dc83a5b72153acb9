import { copyStates, gapsOf, gapTolerance, rangeText } from "./gaps";
import type { SeriesTable } from "./readTable";

/** States with an estimate of their time derivative. */
export interface DerivativeSamples {
  readonly count: number;
  readonly dim: number;
  /** `[count, dim]`, row by row */
  readonly states: Float64Array;
  /** `[count, dim]`, in state units per time unit */
  readonly derivatives: Float64Array;
  /** `[count]`, the time of each state */
  readonly time: Float64Array;
}

/** How to take differences. */
export interface DerivativeOptions {
  /**
   * `forward`: (x[i+1] − x[i]) / (t[i+1] − t[i]) at x[i], for all rows but the last of a trial. It is the derivative half a gap
   * later: to an oscillator of angular frequency ω it adds a false damping, −D·p with D = ω²·dt.
   * `central`: (x[i+1] − x[i−1]) / (t[i+1] − t[i−1]) at x[i], for rows with equal gaps on both sides. Second order in dt.
   * `parabola`: the slope at x[i] of the parabola through it and its neighbours, for any gaps. Second order in dt; equals
   * `central` where the gaps are equal.
   */
  readonly scheme: "forward" | "central" | "parabola";
  /** Relative difference up to which two gaps count as equal. @defaultValue 1e-3 */
  readonly tolerance?: number;
}

/**
 * Derivatives by differences, divided by the true gaps; never across trials.
 * @throws Error if no row allows the scheme
 */
export function derivatives(table: SeriesTable, options: DerivativeOptions): DerivativeSamples {
  const { scheme, tolerance = gapTolerance } = options;
  const dim = table.names.length;
  const pairs = neighbours[scheme](table, tolerance);
  if (pairs.length === 0) {
    const gaps = gapsOf(table);
    throw new Error(
      gaps.length === 0
        ? `${table.where}: no trial has two rows, so there is no difference to take; check the trial column`
        : scheme === "parabola"
          ? `${table.where}: no trial has three rows, which a parabola needs; give longer trials or take forward differences`
          : `${table.where}: no row has equal gaps on both sides (they run from ${rangeText(gaps)}, tolerance ${tolerance}); raise the tolerance or take forward differences`,
    );
  }
  const states = new Float64Array(pairs.length * dim);
  const slopes = new Float64Array(pairs.length * dim);
  const time = new Float64Array(pairs.length);
  pairs.forEach(({ at, before, after }, row) => {
    copyStates(table, { from: at, to: at + 1 }, states, row * dim);
    time[row] = table.time[at] ?? NaN;
    const weights = weightsOf(scheme, { at, before, after }, table.time);
    table.names.forEach((name, k) => {
      const column = table.columns[name] ?? new Float64Array();
      const step = (from: number, to: number): number => (column[to] ?? NaN) - (column[from] ?? NaN);
      slopes[row * dim + k] = weights.left * step(before, at) + weights.right * step(at, after);
    });
  });
  return { count: pairs.length, dim, states, derivatives: slopes, time };
}

/** The row a derivative belongs to and the two rows it is taken from. */
interface Difference {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** What the change from the row before, and the change to the row after, count for. */
function weightsOf(
  scheme: DerivativeOptions["scheme"],
  { at, before, after }: Difference,
  time: Float64Array,
): { readonly left: number; readonly right: number } {
  const left = (time[at] ?? NaN) - (time[before] ?? NaN);
  const right = (time[after] ?? NaN) - (time[at] ?? NaN);
  const both = left + right;
  return scheme === "parabola"
    ? { left: right / left / both, right: left / right / both }
    : { left: 1 / both, right: 1 / both };
}

const neighbours: Readonly<
  Record<DerivativeOptions["scheme"], (table: SeriesTable, tolerance: number) => Difference[]>
> = {
  forward: (table) =>
    table.trials.flatMap(({ start, end }) => span(start, end - 1).map((at) => ({ at, before: at, after: at + 1 }))),
  parabola: (table) =>
    table.trials.flatMap(({ start, end }) =>
      span(start + 1, end - 1).map((at) => ({ at, before: at - 1, after: at + 1 })),
    ),
  central: (table, tolerance) =>
    table.trials.flatMap(({ start, end }) =>
      span(start + 1, end - 1)
        .map((at) => ({ at, before: at - 1, after: at + 1 }))
        .filter(({ at, before, after }) => {
          const left = (table.time[at] ?? NaN) - (table.time[before] ?? NaN);
          const right = (table.time[after] ?? NaN) - (table.time[at] ?? NaN);
          return Math.abs(right - left) <= tolerance * Math.max(left, right);
        }),
    ),
};

const span = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from) }, (_, k) => from + k);

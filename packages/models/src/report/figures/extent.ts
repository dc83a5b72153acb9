import type { Axis, Line } from "../report";

/** The least span of an axis, relative to its values: a conserved energy must look flat, not show its last digits. */
const leastSpan = 0.1;

/**
 * The domain of an axis: its own, else the truth and the models up to one span of the truth (or its largest value, for
 * a truth that is nearly constant) beyond it on each side, else all finite values; with a margin. [0, 1] if there is nothing to show.
 */
export function domainOf(axis: Axis, lines: readonly Line[], coordinate: "x" | "y", margin = 0.06): [number, number] {
  if (axis.domain) return [axis.domain[0], axis.domain[1]];
  const truth = extentOf(
    lines.filter((line) => line.ink === "truth"),
    coordinate,
  );
  const all = extentOf(lines, coordinate);
  if (!all) return [0, 1];
  let [min, max] = all;
  if (truth) {
    const reach = Math.max(truth[1] - truth[0], sizeOf(truth));
    min = Math.max(min, truth[0] - reach);
    max = Math.min(max, truth[1] + reach);
  }
  const least = leastSpan * (sizeOf([min, max]) || 1);
  const pad = Math.max((max - min) * margin, (least - (max - min)) / 2);
  return [min - pad, max + pad];
}

/** The points of a line inside which something is drawn, thinned evenly to at most `limit`; the last point is kept. */
export function pointsOf(line: Line, limit = 1500): [x: number, y: number][] {
  const length = Math.min(line.x.length, line.y.length);
  const stride = Math.max(1, Math.ceil(length / limit));
  const points: [number, number][] = [];
  for (let i = 0; i < length; i += stride) points.push(pointAt(line, i));
  if (length > 0 && (length - 1) % stride !== 0) points.push(pointAt(line, length - 1));
  return points;
}

const sizeOf = ([min, max]: readonly [number, number]): number => Math.max(Math.abs(min), Math.abs(max));

function pointAt(line: Line, i: number): [number, number] {
  const x = line.x[i] ?? NaN;
  const y = line.y[i] ?? NaN;
  return Number.isFinite(x) && Number.isFinite(y) ? [x, y] : [NaN, NaN];
}

function extentOf(lines: readonly Line[], coordinate: "x" | "y"): [number, number] | undefined {
  let min = Infinity;
  let max = -Infinity;
  for (const line of lines) {
    const values = line[coordinate];
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? NaN;
      if (!Number.isFinite(value)) continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  return min <= max ? [min, max] : undefined;
}

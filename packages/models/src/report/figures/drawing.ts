import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Axis, Line } from "../report";
import { pointsOf } from "./extent";
import { strokeOf } from "./ink";

/** What a kind of figure gives back: SVG text, one piece per panel, and what the legend has to explain. */
export interface Drawing {
  readonly panels: readonly string[];
  readonly legend: readonly LegendEntry[];
}

/** A legend entry: a sample of a line, dots, an arrow or a level line. */
export interface LegendEntry {
  readonly name: string;
  readonly mark: "line" | "dots" | "arrow";
  readonly color: string;
  readonly width: number;
  readonly dash?: string;
}

export type PlotOptions = Plot.PlotOptions;
export type Mark = Plot.Markish;

/** Widths in pixels of full and half figures; the page scales them down where there is less room. */
export const widths = { full: 760, half: 368 } as const;

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Draws with Observable Plot, without a browser. The SVG carries `label` for screen readers. */
export function draw(label: string, options: PlotOptions): string {
  const element = Plot.plot({
    marginTop: 30,
    marginRight: 18,
    marginBottom: 42,
    marginLeft: 54,
    ...options,
    className: "plot",
    document,
  });
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  // Plot writes the same style element into each figure; the page's stylesheet has it once.
  element.querySelector("style")?.remove();
  return element.outerHTML;
}

/** The frame that all figures share: grid, axis labels with units, no arrows. */
export const axisOptions = (axis: Axis, domain: readonly [number, number]): Plot.ScaleOptions => ({
  domain: [...domain],
  label: labelOf(axis),
  labelArrow: "none",
  nice: false,
});

export const labelOf = (axis: Axis): string => (axis.unit ? `${axis.label} (${axis.unit})` : axis.label);

/** The part of the plane that a figure shows. */
export interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** A line or dots. Dots are small, so that a line through them stays visible. */
export function lineMark(line: Line, frame: Frame): Mark {
  const { color, width, dash } = strokeOf(line);
  const points = pointsOf(line).map(([x, y]): [number, number] => [near(x, frame.x), near(y, frame.y)]);
  const channels = { x: (point: [number, number]) => point[0], y: (point: [number, number]) => point[1] };
  if (line.mark === "dots") return Plot.dot(points, { ...channels, r: 2, fill: color, clip: true });
  return Plot.line(points, {
    ...channels,
    stroke: color,
    strokeWidth: width,
    clip: true,
    ...(dash ? { strokeDasharray: dash } : {}),
  });
}

// A diverged model may stand at 1e18, which browsers cannot rasterise; well outside the frame nobody sees the difference.
function near(value: number, [min, max]: readonly [number, number]): number {
  const far = 10 * (max - min);
  return Math.min(Math.max(value, min - far), max + far);
}

export function legendOf(line: Line): LegendEntry {
  return { name: line.name, mark: line.mark ?? "line", ...strokeOf(line) };
}

/** Entries without repeats, in first-seen order. */
export function uniqueLegend(entries: readonly LegendEntry[]): LegendEntry[] {
  const seen = new Map<string, LegendEntry>();
  for (const entry of entries) if (!seen.has(entry.name)) seen.set(entry.name, entry);
  return [...seen.values()];
}

export { Plot };

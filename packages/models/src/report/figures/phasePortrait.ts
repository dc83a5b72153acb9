import type { FieldSamples, PhasePortrait } from "../report";
import { axisOptions, draw, labelOf, legendOf, lineMark, Plot, uniqueLegend, widths } from "./drawing";
import type { Drawing, LegendEntry, Mark } from "./drawing";
import { domainOf } from "./extent";
import { drawingOrder, strokeOf } from "./ink";

const margins = { marginTop: 30, marginRight: 18, marginBottom: 42, marginLeft: 44 } as const;

/** Level lines under arrows under trajectories, in the plane of two coordinates. */
export function phasePortrait(figure: PhasePortrait): Drawing {
  const width = widths[figure.width ?? "full"];
  const height = figure.width === "half" ? 350 : 480;
  const lines = drawingOrder(figure.trajectories);
  const x = domainOf(figure.x, lines, "x");
  const y = domainOf(figure.y, lines, "y");
  // pixels per unit, to turn a direction in data into a direction on the page
  const scaleX = (width - margins.marginLeft - margins.marginRight) / (x[1] - x[0]);
  const scaleY = (height - margins.marginTop - margins.marginBottom) / (y[1] - y[0]);
  const marks: Mark[] = [];
  const legend: LegendEntry[] = [];
  if (figure.levels) {
    const { levels } = figure;
    marks.push(
      Plot.contour(Array.from(levels.values), {
        width: levels.width,
        height: levels.height,
        x1: levels.x[0],
        x2: levels.x[1],
        y1: levels.y[0],
        y2: levels.y[1],
        thresholds: levels.thresholds ? [...levels.thresholds] : 10,
        stroke: "var(--levels)",
        strokeWidth: 1,
        clip: true,
      }),
    );
    legend.push({ name: levels.name, mark: "line", color: "var(--levels)", width: 1 });
  }
  if (figure.field) {
    marks.push(arrows(figure.field, scaleX, scaleY));
    legend.push({ name: figure.field.name, mark: "arrow", color: strokeOf(figure.field).color, width: 1.1 });
  }
  marks.push(...lines.map((line) => lineMark(line, { x, y })), ...lines.flatMap(startDot));
  const svg = draw(`${figure.title}: ${labelOf(figure.y)} against ${labelOf(figure.x)}`, {
    ...margins,
    width,
    height,
    marks,
    x: { ...axisOptions(figure.x, x), labelAnchor: "center", ticks: figure.width === "half" ? 5 : 8 },
    y: axisOptions(figure.y, y),
  });
  return { panels: [svg], legend: uniqueLegend([...lines.map(legendOf), ...legend]) };
}

/** Arrows whose length grows with the square root of the speed: slow regions stay readable. */
function arrows(field: FieldSamples, scaleX: number, scaleY: number): Mark {
  const samples = Array.from(field.x, (x, k) => {
    const right = (field.dx[k] ?? NaN) * scaleX;
    const up = (field.dy[k] ?? NaN) * scaleY;
    return { x, y: field.y[k] ?? NaN, speed: Math.hypot(right, up), degrees: (Math.atan2(right, up) * 180) / Math.PI };
  }).filter((sample) => Number.isFinite(sample.speed) && Number.isFinite(sample.y));
  const fastest = samples.reduce((most, sample) => Math.max(most, sample.speed), 0);
  return Plot.vector(samples, {
    x: "x",
    y: "y",
    rotate: "degrees",
    shape: "arrow",
    anchor: "middle",
    r: 2.6,
    clip: true,
    // a constant channel, not a scaled one: Plot would rescale lengths to its own liking
    length: {
      value: samples.map((sample) => (fastest > 0 ? 4 + 12 * Math.sqrt(sample.speed / fastest) : 0)),
      scale: null,
    },
    stroke: strokeOf(field).color,
    strokeWidth: 1.1,
    strokeOpacity: 0.55,
  });
}

/** A dot where the first trajectory starts, so that the direction of spirals is clear. */
function startDot(line: PhasePortrait["trajectories"][number], index: number): Mark[] {
  const x = line.x[0];
  const y = line.y[0];
  if (index > 0 || x === undefined || y === undefined || line.mark === "dots") return [];
  return [Plot.dot([[x, y]], { r: 4.5, fill: "currentColor", stroke: "var(--page)", strokeWidth: 1.5, clip: true })];
}

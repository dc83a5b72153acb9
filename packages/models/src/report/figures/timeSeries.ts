import type { Line, TimePanel, TimeSeries } from "../report";
import { axisOptions, draw, labelOf, legendOf, lineMark, uniqueLegend, widths } from "./drawing";
import type { Drawing } from "./drawing";
import { domainOf } from "./extent";
import { drawingOrder } from "./ink";

/** Panels above each other over one time axis; only the lowest names it. */
export function timeSeries(figure: TimeSeries): Drawing {
  const all = figure.panels.flatMap((panel) => panel.lines);
  const time = domainOf(figure.time, all, "x", 0);
  const panels = figure.panels.map((panel, k) => drawPanel(figure, panel, time, k === figure.panels.length - 1));
  return { panels, legend: uniqueLegend(drawingOrder(all).map(legendOf)) };
}

function drawPanel(figure: TimeSeries, panel: TimePanel, time: [number, number], last: boolean): string {
  const half = figure.width === "half";
  const lines: Line[] = drawingOrder(panel.lines);
  const y = domainOf(panel.axis, lines, "y");
  const alone = figure.panels.length === 1;
  return draw(`${figure.title}: ${labelOf(panel.axis)} against ${labelOf(figure.time)}`, {
    width: widths[figure.width ?? "full"],
    height: (alone ? (half ? 280 : 300) : 190) + (last ? 0 : -22),
    marginBottom: last ? 42 : 20,
    x: {
      ...axisOptions(figure.time, time),
      labelAnchor: "center",
      ticks: half ? 5 : 10,
      ...(last ? {} : { label: null }),
    },
    y: { ...axisOptions(panel.axis, y), grid: true, ticks: alone ? 6 : 4 },
    marks: lines.map((line) => lineMark(line, { x: time, y })),
  });
}

import type { Line, LossCurve } from "../report";
import { axisOptions, draw, legendOf, lineMark, Plot, uniqueLegend, widths } from "./drawing";
import type { Drawing, LegendEntry, Mark } from "./drawing";
import { domainOf } from "./extent";

/** Loss against step; the vertical axis is logarithmic. */
export function lossCurve(figure: LossCurve): Drawing {
  const lines = figure.lines.map(positive);
  const half = figure.width === "half";
  const marks: Mark[] = [];
  const legend: LegendEntry[] = lines.map(legendOf);
  const values = lines.flatMap((line) => Array.from(line.y).filter((y) => Number.isFinite(y)));
  if (figure.floor && figure.floor.value > 0) {
    marks.push(Plot.ruleY([figure.floor.value], { stroke: "var(--muted)", strokeWidth: 1, strokeDasharray: "2 3" }));
    legend.push({ name: figure.floor.name, mark: "line", color: "var(--muted)", width: 1, dash: "2 3" });
    values.push(figure.floor.value);
  }
  const x = domainOf({ label: "" }, lines, "x", 0);
  const range = logDomain(values);
  marks.push(...lines.map((line) => lineMark(line, { x, y: range })));
  const svg = draw(`${figure.title}: ${figure.label ?? "loss"} against training step`, {
    width: widths[figure.width ?? "full"],
    height: half ? 280 : 300,
    x: {
      ...axisOptions({ label: "training step" }, x),
      labelAnchor: "center",
      ticks: half ? 4 : 8,
    },
    y: {
      ...axisOptions({ label: figure.label ?? "loss" }, range),
      type: "log",
      grid: true,
      ticks: logTicks(range),
      tickFormat: tickText,
    },
    marks,
  });
  return { panels: [svg], legend: uniqueLegend(legend) };
}

/** Values that a logarithm cannot show become gaps. A loss curve is solid unless it asks not to be. */
function positive(line: Line): Line {
  return {
    ...line,
    dashed: line.dashed ?? false,
    y: Array.from(line.y, (y) => (y > 0 && Number.isFinite(y) ? y : NaN)),
  };
}

/** At least one decade, so that there is a tick to read the size from. */
function logDomain(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0.1, 1];
  let min = Infinity;
  let max = 0;
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const missing = Math.max(0, 1 - Math.log10(max / min)) / 2;
  const widen = 10 ** (missing + 0.05);
  return [min / widen, max * widen];
}

/** Decades; with 2 and 5 between them where there is room; every second or further where there is not. */
function logTicks([min, max]: readonly [number, number]): number[] {
  const decades = Math.log10(max / min);
  const factors = decades <= 2.5 ? [1, 2, 5] : [1];
  const every = Math.ceil(decades / 8);
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(min)); exponent <= Math.log10(max); exponent++) {
    if (exponent % every !== 0) continue;
    ticks.push(
      ...factors.map((factor) => Number(`${factor}e${exponent}`)).filter((tick) => tick >= min && tick <= max),
    );
  }
  return ticks;
}

/** 0.01, 0.2, 50, and 1e-5 beyond that. */
const tickText = (value: number): string =>
  value >= 1e-3 && value < 1e5 ? String(value) : value.toExponential(0).replace("+", "");

import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { renderReport } from "./renderReport";
import type { Figure, Line, Report } from "./report";
import { sampleField, sampleLevels } from "./sample";
import { textTable } from "./textTable";

const times = Array.from({ length: 50 }, (_, i) => i / 10);
const line = (name: string, ink: Line["ink"], y: (t: number) => number, x: (t: number) => number = (t) => t): Line => ({
  name,
  ink,
  x: times.map(x),
  y: times.map(y),
});
const box = { x: [-2, 2], y: [-2, 2] } as const;

const portrait: Figure = {
  kind: "phasePortrait",
  title: "Learned field",
  caption: "a circle",
  width: "half",
  x: { label: "angle q", unit: "rad" },
  y: { label: "momentum p" },
  field: sampleField((q, p) => [p, -q], { name: "learned field", ink: "model", ...box }),
  levels: sampleLevels((q, p) => q * q + p * p, { name: "true energy", ...box }),
  trajectories: [line("HNN", "model", Math.sin, Math.cos), line("truth", "truth", Math.sin, Math.cos)],
};
const energy: Figure = {
  kind: "timeSeries",
  title: "Energy",
  time: { label: "time", unit: "s" },
  panels: [
    {
      axis: { label: "energy" },
      lines: [line("truth", "truth", () => 1), line("baseline", "baseline", (t) => Math.exp(-t))],
    },
  ],
};
const loss: Figure = {
  kind: "lossCurve",
  title: "Training",
  lines: [line("HNN", "model", (t) => Math.exp(-t))],
  floor: { name: "noise", value: 0.03 },
};
const report: Report = {
  title: "A <pendulum> & its energy",
  summary: "First.\n\nSecond.",
  highlights: [{ value: 9.24e-4, label: "energy MSE" }],
  tables: [
    {
      columns: [{ label: "" }, { label: "HNN", group: "this run" }, { label: "HNN", group: "published", note: 1 }],
      rows: [["test loss", { value: 0.0358, emphasis: true }, null]],
      notes: ["as printed"],
    },
  ],
  figures: [portrait, energy, loss],
  sections: [{ title: "More", summary: "Third.", tables: [], figures: [] }],
  run: { command: "dzdt demo --seed 0", seed: 0, seconds: 83, versions: { node: "20" }, settings: { steps: 10 } },
};
const pageOf = (content: Report): Document => parseHTML(renderReport(content)).document;
const plots = (figures: Figure[]): string[] =>
  Array.from(pageOf({ ...report, figures }).querySelectorAll("svg.plot")).map((svg) => svg.outerHTML);

describe("a report", () => {
  test("fetches nothing and runs nothing", () => {
    const html = renderReport(report);
    expect(html).not.toMatch(/<script|<link|<img|src=|href=|@import|url\((?!#)/);
    expect(html.replaceAll("http://www.w3.org/", "")).not.toContain("://");
  });

  test("shows its title, text, headline, table, figures, sections and how it was made, with text escaped", () => {
    const page = pageOf(report);
    const text = (selector: string): string[] =>
      Array.from(page.querySelectorAll(selector)).map((element) => element.textContent ?? "");
    expect(text("h1")).toEqual(["A <pendulum> & its energy"]);
    expect(text("header p")).toEqual(["First.", "Second."]);
    expect(text(".highlights b")).toEqual(["9.24 × 10−4"]);
    expect(text("thead th")).toEqual(["this run", "published[1]", "", "HNN", "HNN"]);
    expect(text("tbody th, tbody td")).toEqual(["test loss", "0.0358", "–"]);
    expect(text("h3")).toEqual(["Learned field", "Energy", "Training"]);
    expect(text("h2")).toEqual(["More"]);
    expect(text("dd")).toEqual(["dzdt demo --seed 0", "0", "steps 10", "1 min 23 s", "node 20"]);
  });

  test("explains every line in a legend, the truth first", () => {
    const legends = Array.from(pageOf(report).querySelectorAll(".legend")).map((list) =>
      Array.from(list.querySelectorAll("li")).map((item) => item.textContent),
    );
    expect(legends).toEqual([
      ["truth", "HNN", "true energy", "learned field"],
      ["truth", "baseline"],
      ["HNN", "noise"],
    ]);
  });

  test("labels axes with units and describes pictures to screen readers", () => {
    const [first = "", second = ""] = plots([portrait, energy]);
    expect(first).toContain("angle q (rad)");
    expect(first).toContain('aria-label="Learned field: momentum p against angle q (rad)"');
    expect(second).toContain("time (s)");
  });
});

describe("figures hold with hard data", () => {
  const series = (lines: Line[]): Figure => ({
    kind: "timeSeries",
    title: "x",
    time: { label: "t" },
    panels: [{ axis: { label: "y" }, lines }],
  });

  test("values that are not finite leave gaps and never reach the picture", () => {
    const broken = line("HNN", "model", (t) => (t > 2 ? Infinity : t > 1 ? NaN : t));
    for (const svg of plots([
      series([broken]),
      { ...portrait, trajectories: [broken] },
      { kind: "lossCurve", title: "x", lines: [broken] },
    ]))
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("empty lines, lines of one point and constant lines are drawn", () => {
    const lines = [line("none", "model", () => NaN), { name: "one", ink: "truth", x: [1], y: [2] } as const];
    for (const svg of plots([series(lines), series([]), series([line("flat", "truth", () => 0)])]))
      expect(svg).not.toMatch(/NaN|Infinity/);
  });

  test("a model that diverges leaves the frame instead of flattening the truth", () => {
    const [svg = ""] = plots([
      series([line("truth", "truth", Math.sin), line("baseline", "baseline", (t) => Math.exp(8 * t))]),
    ]);
    expect(svg).toContain("clip-path");
    expect(svg).toContain(">−1</text>");
    expect(svg).toContain(">3</text>");
    expect(svg).not.toContain(">5</text>");
    expect(svg).not.toMatch(/[ML,]-?\d{5}/);
  });

  test("a conserved energy looks flat: the axis does not zoom into its last digits", () => {
    const [svg = ""] = plots([series([line("truth", "truth", (t) => 3 + 1e-9 * Math.sin(t))])]);
    expect(svg).not.toContain("3.0000");
  });

  test("long lines are thinned", () => {
    const long = {
      name: "HNN",
      ink: "model",
      x: Float64Array.from({ length: 1e5 }, (_, i) => i),
      y: new Float64Array(1e5),
    } as const;
    expect(plots([series([long])])[0]?.length).toBeLessThan(60_000);
  });
});

test("a table for the terminal has the same content, aligned", () => {
  expect(report.tables.map(textTable).join("")).toBe(
    [
      "            this run   published [1]",
      "                 HNN             HNN",
      "─────────   ────────   ─────────────",
      "test loss    0.0358*               -",
      "",
      "[1] as printed",
      "",
    ].join("\n"),
  );
});

test("samples of a level start beyond the box, so that closed lines are cut by the frame", () => {
  const levels = sampleLevels((x) => x, { name: "x", x: [0, 1], y: [0, 1], resolution: 10 });
  expect(levels.x[0]).toBeLessThan(0);
  expect(levels.values[0]).toBeCloseTo(levels.x[0] + (levels.x[1] - levels.x[0]) / 20, 12);
});

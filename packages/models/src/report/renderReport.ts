import { escape } from "./escape";
import { renderFigure } from "./figure";
import { formatDuration, typesetNumber } from "./formatNumber";
import type { Highlight, Report, RunMetadata, Section } from "./report";
import { stylesheet } from "./stylesheet";
import { renderTable } from "./table";

/**
 * One HTML page with everything inside it: style and pictures are inline, there are no scripts, nothing is fetched.
 * It follows the reader's light or dark setting and prints.
 * Needs no browser; text is escaped; entries of lines that are not finite leave gaps.
 */
export function renderReport(report: Report): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(report.title)}</title>
<style>${stylesheet}</style>
</head>
<body>
<main>
<header>
${report.eyebrow ? `<p class="eyebrow">${escape(report.eyebrow)}</p>` : ""}
<h1>${escape(report.title)}</h1>
${paragraphs(report.summary)}
${highlights(report.highlights ?? [])}
</header>
${content(report)}
${(report.sections ?? []).map((section) => `<section>\n<h2>${escape(section.title)}</h2>\n${paragraphs(section.summary)}\n${content(section)}\n</section>`).join("\n")}
${footer(report.run)}
</main>
</body>
</html>
`;
}

function content({ tables, figures }: Section): string {
  const drawn = figures.length > 0 ? `<div class="figures">\n${figures.map(renderFigure).join("\n")}\n</div>` : "";
  return [...tables.map(renderTable), drawn].join("\n");
}

function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== "")
    .map((paragraph) => `<p>${escape(paragraph)}</p>`)
    .join("\n");
}

function highlights(items: readonly Highlight[]): string {
  if (items.length === 0) return "";
  const text = (value: number | string): string => (typeof value === "number" ? typesetNumber(value) : escape(value));
  return `<ul class="highlights">${items.map((item) => `<li><b>${text(item.value)}</b><span>${escape(item.label)}</span></li>`).join("")}</ul>`;
}

function footer(run: RunMetadata): string {
  const pairs = (record: Readonly<Record<string, string | number>>): string =>
    Object.entries(record)
      .map(([name, value]) => `${name} ${value}`)
      .join(" · ");
  const lines: [name: string, html: string][] = [
    ["command", `<code>${escape(run.command)}</code>`],
    ["seed", escape(String(run.seed))],
    ...(run.settings ? [["settings", escape(pairs(run.settings))] as [string, string]] : []),
    ["wall time", formatDuration(run.seconds)],
    ...(run.started ? [["started", escape(run.started)] as [string, string]] : []),
    ["versions", escape(pairs(run.versions))],
  ];
  return `<footer><dl>${lines.map(([name, html]) => `<dt>${name}</dt><dd>${html}</dd>`).join("")}</dl></footer>`;
}

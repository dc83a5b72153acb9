import { escape } from "./escape";
import type { Drawing, LegendEntry } from "./figures/drawing";
import { lossCurve } from "./figures/lossCurve";
import { phasePortrait } from "./figures/phasePortrait";
import { timeSeries } from "./figures/timeSeries";
import type { Figure } from "./report";

type Draw<Kind extends Figure["kind"]> = (figure: Extract<Figure, { kind: Kind }>) => Drawing;

const kinds: { readonly [Kind in Figure["kind"]]: Draw<Kind> } = { phasePortrait, timeSeries, lossCurve };

/** A figure as HTML: title, legend, panels, caption. */
export function renderFigure(figure: Figure): string {
  const { panels, legend } = (kinds[figure.kind] as (figure: Figure) => Drawing)(figure);
  return `<figure class="${figure.width ?? "full"}">
<h3>${escape(figure.title)}</h3>
<ul class="legend">${legend.map((entry) => `<li>${swatch(entry)}${escape(entry.name)}</li>`).join("")}</ul>
<div class="panels">${panels.join("\n")}</div>
${figure.caption ? `<figcaption>${escape(figure.caption)}</figcaption>` : ""}
</figure>`;
}

function swatch({ mark, color, width, dash }: LegendEntry): string {
  const shapes = {
    line: `<path d="M1 6H23" fill="none" stroke="${color}" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`,
    dots: [4, 12, 20].map((x) => `<circle cx="${x}" cy="6" r="2" fill="${color}"/>`).join(""),
    arrow: `<path d="M3 6H20M16 3L20 6L16 9" fill="none" stroke="${color}" stroke-width="1.2"/>`,
  };
  return `<svg class="swatch" width="24" height="12" viewBox="0 0 24 12" aria-hidden="true">${shapes[mark]}</svg>`;
}

import type { Curve, Point } from "./measure";

const size = { width: 460, height: 380, left: 62, top: 46, right: 14, bottom: 48 } as const;

/** Apart for eyes that see fewer colours: Okabe and Ito 2008. */
const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#e69f00", "#56b4e9"];

interface Axis {
  readonly from: number;
  readonly to: number;
  readonly at: (value: number) => number;
}

/** An axis of logarithms, from one power of ten to another. */
function axis(values: readonly number[], start: number, end: number): Axis {
  const logs = values.map(Math.log10);
  const [from, to] = [
    Math.floor(Math.min(...logs)),
    Math.max(Math.ceil(Math.max(...logs)), Math.floor(Math.min(...logs)) + 1),
  ];
  return { from, to, at: (value) => start + ((Math.log10(value) - from) / (to - from)) * (end - start) };
}

const powers = ({ from, to }: Axis): number[] => {
  const every = to - from > 8 ? 2 : 1;
  return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => from + i * every);
};

const short = (x: number): string => x.toFixed(1).replace(/\.0$/, "");
const label = (power: number): string => `10<tspan dy="-5" font-size="9">${String(power).replace("-", "−")}</tspan>`;

/** One panel: errors of all curves by a work. */
function panel(curves: readonly Curve[], work: (point: Point) => number, caption: string, shift: number): string {
  const { width, height, left, top, right, bottom } = size;
  const all = curves.flatMap(({ points }) => points);
  const x = axis(
    all.map(({ error }) => error),
    width - right,
    left,
  );
  const y = axis(all.map(work), height - bottom, top);
  const grid = [
    ...powers(x).map((power) => {
      const place = short(x.at(10 ** power));
      return `<line x1="${place}" x2="${place}" y1="${top}" y2="${height - bottom}" stroke="#ddd"/><text x="${place}" y="${height - bottom + 17}" text-anchor="middle">${label(power)}</text>`;
    }),
    ...powers(y).map((power) => {
      const place = short(y.at(10 ** power));
      return `<line x1="${left}" x2="${width - right}" y1="${place}" y2="${place}" stroke="#ddd"/><text x="${left - 6}" y="${place}" dy="4" text-anchor="end">${label(power)}</text>`;
    }),
  ];
  const lines = curves.map(({ points }, i) => {
    const places = points.map((point) => [short(x.at(point.error)), short(y.at(work(point)))] as const);
    const colour = colours[i % colours.length]!;
    const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.2" fill="${colour}"/>`).join("");
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${places.map((place) => place.join(",")).join(" ")}"/>${dots}`;
  });
  return [
    `<g transform="translate(${shift} 0)">`,
    ...grid,
    `<rect x="${left}" y="${top}" width="${width - left - right}" height="${height - top - bottom}" fill="none" stroke="#888"/>`,
    ...lines,
    `<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">relative error at the end</text>`,
    `<text transform="translate(16 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">${caption}</text>`,
    "</g>",
  ].join("\n");
}

/** A work–precision diagram in SVG: on the left by evaluations of the field, on the right by time; lower is better. */
export function picture(title: string, curves: readonly Curve[]): string {
  const { width, height, left } = size;
  const drawn = curves.filter(({ points }) => points.length > 0);
  const names = drawn.map(
    ({ name }, i) =>
      `<circle cx="${2 * width + 14}" cy="${60 + 20 * i}" r="4" fill="${colours[i % colours.length]!}"/><text x="${2 * width + 24}" y="${64 + 20 * i}">${name}</text>`,
  );
  const whole = 2 * width + 190;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole} ${height}" width="${whole}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${whole}" height="${height}" fill="#fff"/>`,
    `<text x="${left}" y="26" font-size="15">${title}</text>`,
    panel(drawn, ({ evaluations }) => evaluations, "evaluations of the field", 0),
    panel(drawn, ({ milliseconds }) => milliseconds, "milliseconds", width),
    ...names,
    "</svg>",
    "",
  ].join("\n");
}

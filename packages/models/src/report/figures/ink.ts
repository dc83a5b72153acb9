import type { Ink, Line } from "../report";

/** How an ink is drawn: a custom property of the stylesheet, so that it follows light and dark. */
export interface Stroke {
  readonly color: string;
  readonly width: number;
  readonly dash?: string;
}

const dash = "6 4";

// The truth is wide and drawn first: a model that agrees with it shows as a thin line inside a broad one.
const strokes: Readonly<Record<Ink, Stroke>> = {
  truth: { color: "var(--truth)", width: 4.5 },
  model: { color: "var(--model)", width: 1.75 },
  baseline: { color: "var(--baseline)", width: 1.75, dash },
  variant: { color: "var(--variant)", width: 1.75 },
  other: { color: "var(--other)", width: 1.75 },
};

/** The stroke of a line; `dashed` wins over the ink's own habit. */
export function strokeOf(line: Pick<Line, "ink" | "dashed">): Stroke {
  const { color, width, dash: own } = strokes[line.ink];
  const dashed = line.dashed ?? own !== undefined;
  return { color, width, ...(dashed ? { dash } : {}) };
}

/** Truth first, so that it lies under the models; otherwise the given order. */
export function drawingOrder<T extends { readonly ink: Ink }>(lines: readonly T[]): T[] {
  return [...lines.filter((line) => line.ink === "truth"), ...lines.filter((line) => line.ink !== "truth")];
}

/**
 * Everything a report shows, as plain data: numbers, strings and arrays.
 * An experiment fills it in; `renderReport` and `textTable` turn it into a page and into terminal text.
 */
export interface Report extends Section {
  /** One short line above the title, such as "Hamiltonian neural network · simulated pendulum". */
  readonly eyebrow?: string;
  /** Up to four headline results, shown large under the summary. */
  readonly highlights?: readonly Highlight[];
  /** Further sections, in reading order. */
  readonly sections?: readonly Section[];
  /** How the run was made, shown at the foot of the page. */
  readonly run: RunMetadata;
}

/** A heading, some text, then tables, then figures. */
export interface Section {
  readonly title: string;
  /** Plain text; an empty line starts a new paragraph. */
  readonly summary: string;
  readonly tables: readonly ReportTable[];
  readonly figures: readonly Figure[];
}

/** One headline number and what it means. */
export interface Highlight {
  /** A number is formatted to three significant digits; a string is shown as given, such as "98×". */
  readonly value: number | string;
  readonly label: string;
}

/** How a run was made, enough to make it again. */
export interface RunMetadata {
  /** The command line, such as `dzdt demo --seed 3`. */
  readonly command: string;
  readonly seed: number;
  /** Name to version, such as `{ "@dzdt/models": "0.1.0", node: "20.20.2" }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** Wall time in seconds. */
  readonly seconds: number;
  /** When the run began, ISO 8601. */
  readonly started?: string;
  /** Anything else worth a line, such as `{ steps: 1000, width: 64 }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A table whose first cell of each row names the row. */
export interface ReportTable {
  readonly title?: string;
  readonly columns: readonly TableColumn[];
  /** Each row has one cell per column. */
  readonly rows: readonly (readonly Cell[])[];
  /** Footnotes; a column or cell points at `notes[k - 1]` with `note: k`. */
  readonly notes?: readonly string[];
}

/** A column heading. Neighbours with the same `group` share a heading above their own. */
export interface TableColumn {
  readonly label: string;
  readonly group?: string;
  /** Number of the footnote, from 1. With a `group` it is shown at the group's heading. */
  readonly note?: number;
}

/** A number (three significant digits), text, `null` for "not applicable", or one of these with emphasis or a footnote. */
export type Cell = CellValue | { readonly value: CellValue; readonly emphasis?: boolean; readonly note?: number };
export type CellValue = number | string | null;

export type Figure = PhasePortrait | TimeSeries | LossCurve;

/** What every figure has besides its content. */
export interface FigureFrame {
  readonly title: string;
  /** Plain text under the figure: what to look at. */
  readonly caption?: string;
  /** Two neighbouring half-width figures stand side by side. @defaultValue "full" */
  readonly width?: "full" | "half";
}

/**
 * A coordinate axis. The unit is written after the label.
 * Without a `domain` the axis holds the truth with room around it, or everything if there is no truth:
 * a diverging model leaves the frame instead of flattening the rest.
 */
export interface Axis {
  readonly label: string;
  /** Such as "rad" or "1/s"; left out for a number without unit. */
  readonly unit?: string;
  readonly domain?: readonly [min: number, max: number];
}

/**
 * What a line stands for; it fixes the colour (safe for colour-blind readers), the width and the dashes,
 * so that one thing looks the same in every figure. `variant` and `other` are for further models.
 */
export type Ink = "truth" | "model" | "baseline" | "variant" | "other";

/** A line, or dots, through (x[i], y[i]). Entries that are not finite leave a gap. */
export interface Line {
  readonly name: string;
  readonly ink: Ink;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** `dots` for measurements. @defaultValue "line" */
  readonly mark?: "line" | "dots";
  /** @defaultValue true for `baseline` outside loss curves */
  readonly dashed?: boolean;
}

/** A vector field, level lines of a scalar and trajectories in the plane of two coordinates. */
export interface PhasePortrait extends FigureFrame {
  readonly kind: "phasePortrait";
  readonly x: Axis;
  readonly y: Axis;
  /** Arrows; `sampleField` makes them from a function. */
  readonly field?: FieldSamples;
  /** Level lines; `sampleLevels` makes them from a function. */
  readonly levels?: LevelSamples;
  readonly trajectories: readonly Line[];
}

/** The field (dx, dy) at the points (x, y): four arrays of one length. */
export interface FieldSamples {
  readonly name: string;
  /** Colour of the arrows: the model whose field this is. */
  readonly ink: Ink;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly dx: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
}

/** A scalar on a regular grid: `values[row * width + column]`, rows from y[0] up to y[1]. */
export interface LevelSamples {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly x: readonly [min: number, max: number];
  readonly y: readonly [min: number, max: number];
  readonly values: ArrayLike<number>;
  /** Values at which a line is drawn. @defaultValue about ten round values */
  readonly thresholds?: readonly number[];
}

/** One or more panels over one shared time axis. */
export interface TimeSeries extends FigureFrame {
  readonly kind: "timeSeries";
  readonly time: Axis;
  readonly panels: readonly TimePanel[];
}

/** One vertical axis and its lines; `x` of a line is time. */
export interface TimePanel {
  readonly axis: Axis;
  readonly lines: readonly Line[];
}

/** Loss against training step, on a logarithmic axis; values that are not positive are left out. */
export interface LossCurve extends FigureFrame {
  readonly kind: "lossCurve";
  /** `x` is the step, `y` the loss. Give test losses `dashed: true`. */
  readonly lines: readonly Line[];
  /** A horizontal line, such as the noise floor of the data. */
  readonly floor?: { readonly name: string; readonly value: number };
  /** @defaultValue "loss" */
  readonly label?: string;
}

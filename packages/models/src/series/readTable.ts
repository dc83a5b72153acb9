import Papa from "papaparse";

/** Named columns of numbers over time, from one or more trials. Rows of one trial stand together, in the order of the file. */
export interface SeriesTable {
  /** Where it came from, for messages: a file name. */
  readonly where: string;
  /** Names of the state columns, in the order asked for. */
  readonly names: readonly string[];
  /** Name of the time column. */
  readonly timeName: string;
  /** Number of rows, `n`. */
  readonly rows: number;
  /** `[n]`, strictly increasing within a trial; in the unit of the file. */
  readonly time: Float64Array;
  /** `columns[name]` is `[n]`, in the unit of the file. */
  readonly columns: Readonly<Record<string, Float64Array>>;
  /** At least one; together they cover all rows. */
  readonly trials: readonly Trial[];
}

/** Rows `start` to `end - 1` belong to one uninterrupted experiment. */
export interface Trial {
  /** The text in the trial column, or "" without one. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** What to read, and from where. */
export interface ReadTableOptions {
  /** State columns, in the order they shall have. */
  readonly columns: readonly string[];
  readonly time: string;
  /** Column that tells trials apart: time may start again, and no derivative or window crosses from one to the next. */
  readonly trial?: string;
  /** Named at the start of every message, such as the file name. */
  readonly where: string;
  /** @defaultValue 3, the fewest that a central difference needs */
  readonly minimumRows?: number;
}

/**
 * Reads a CSV with a header into columns of numbers. The separator may be a comma, semicolon, tab or bar; empty lines are skipped.
 * Rows are counted as a spreadsheet does: the header is row 1.
 * @throws Error for an empty file, a missing or doubled column, a cell that is not a finite number,
 * a time that repeats or decreases within a trial, too few rows
 */
export function readTable(text: string, options: ReadTableOptions): SeriesTable {
  const { where, columns: names, time: timeName, trial, minimumRows = 3 } = options;
  const { header, records } = parse(text, where);
  const duplicate = names.find((name, k) => names.indexOf(name) !== k);
  if (names.length === 0)
    throw new Error(`${where}: no state column was asked for; name at least one of ${header.join(", ")}`);
  if (duplicate !== undefined)
    throw new Error(`${where}: column "${duplicate}" was asked for twice; name each column once`);
  const indices = [...names, timeName].map((name) => indexOf(header, name, where));
  const trialIndex = trial === undefined ? -1 : indexOf(header, trial, where);
  const ordered = groupByTrial(records, trialIndex);
  const rows = ordered.records.length;
  if (rows < minimumRows)
    throw new Error(
      `${where}: has ${rows} ${rows === 1 ? "row" : "rows"} of values; at least ${minimumRows} are needed`,
    );
  const values = indices.map((index, k) => {
    const name = k < names.length ? (names[k] ?? "") : timeName;
    return Float64Array.from(ordered.records, (record) => parseCell(record, index, name, where));
  });
  const time = values[names.length] ?? new Float64Array();
  checkTime(time, ordered, { where, timeName, trial });
  return {
    where,
    names: [...names],
    timeName,
    rows,
    time,
    trials: ordered.trials,
    columns: Object.fromEntries(names.map((name, k) => [name, values[k] ?? new Float64Array()])),
  };
}

/** The names in the header of a CSV. @throws Error for an empty file */
export function columnNames(text: string, where: string): string[] {
  return parse(text, where).header;
}

/** A line of the file that holds something, with its row number there. */
interface FileRow {
  readonly row: number;
  readonly cells: readonly string[];
}

function parse(text: string, where: string): { header: string[]; records: FileRow[] } {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  if (body.trim() === "") throw new Error(`${where}: is empty; give a CSV file with a header and rows of numbers`);
  const { data, errors } = Papa.parse<string[]>(body, { header: false, delimitersToGuess: [",", ";", "\t", "|"] });
  const broken = errors.find((error) => error.type === "Quotes");
  if (broken)
    throw new Error(`${where}: row ${(broken.row ?? 0) + 1} has a quote that is not closed; close or remove it`);
  const filled = data
    .map((cells, k): FileRow => ({ row: k + 1, cells: cells.map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
  const [first, ...records] = filled;
  const header = [...(first?.cells ?? [])];
  if (header.length > 0 && header.every((cell) => decimal.test(cell)))
    throw new Error(
      `${where}: row 1 holds numbers (${header.join(", ")}) where column names are expected; add a header such as t,q,p`,
    );
  return { header, records };
}

function indexOf(header: readonly string[], name: string, where: string): number {
  const index = header.indexOf(name);
  if (index === -1) throw new Error(`${where}: has no column "${name}"; it has ${header.join(", ")}`);
  if (header.lastIndexOf(name) !== index)
    throw new Error(`${where}: column "${name}" stands in the header twice; rename one of the two`);
  return index;
}

interface Ordered {
  readonly records: readonly FileRow[];
  readonly trials: readonly Trial[];
}

/** Puts the rows of each trial together, trials in first-seen order. */
function groupByTrial(records: readonly FileRow[], index: number): Ordered {
  const groups = new Map<string, FileRow[]>();
  for (const record of records) {
    const name = index === -1 ? "" : (record.cells[index] ?? "");
    const group = groups.get(name);
    if (group) group.push(record);
    else groups.set(name, [record]);
  }
  const trials: Trial[] = [];
  let start = 0;
  for (const [name, group] of groups) {
    trials.push({ name, start, end: start + group.length });
    start += group.length;
  }
  return { records: [...groups.values()].flat(), trials };
}

// Number() would also take "", "0x1f" and "Infinity"
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function parseCell({ row, cells }: FileRow, index: number, name: string, where: string): number {
  const text = cells[index] ?? "";
  const value = decimal.test(text) ? Number(text) : NaN;
  if (Number.isFinite(value)) return value;
  const found = text === "" ? "is empty" : `holds "${text.slice(0, 40)}", which is not a finite number`;
  throw new Error(`${where}: row ${row}, column "${name}" ${found}; fill in a number or remove the row`);
}

function checkTime(
  time: Float64Array,
  { records, trials }: Ordered,
  names: { where: string; timeName: string; trial: string | undefined },
): void {
  for (const trial of trials) {
    for (let i = trial.start + 1; i < trial.end; i++) {
      const before = time[i - 1] ?? NaN;
      const now = time[i] ?? NaN;
      if (now > before) continue;
      const verb = now === before ? "repeats" : "goes back";
      const inside = trial.name === "" ? "" : ` of trial ${trial.name}`;
      const remedy =
        names.trial === undefined
          ? "sort the rows by time, or name the column that tells trials apart"
          : "sort the rows by time and remove repeats";
      throw new Error(
        `${names.where}: time ${names.timeName}${inside} ${verb}: ${before} in row ${records[i - 1]?.row}, ${now} in row ${records[i]?.row}; ${remedy}`,
      );
    }
  }
}

/** The content of `run.json`: how a run was made and how to use it again. */
export interface RunRecord {
  readonly format: 1;
  /** Name of the demo or model that ran. */
  readonly experiment: string;
  /** Which model can forecast with the weights; `null` if none can. */
  readonly model: string | null;
  readonly command: string;
  readonly seed: number;
  /** ISO 8601 */
  readonly started: string;
  /** Wall time. */
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
  /** State columns, in order. */
  readonly columns: readonly string[];
  /** The file that was trained on and its columns; `null` if the data was simulated. */
  readonly data: DataSource | null;
  readonly config: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** True if training was interrupted. */
  readonly stopped: boolean;
}

/** Which columns of which file. */
export interface DataSource {
  readonly file: string;
  readonly columns: readonly string[];
  readonly time: string;
  readonly trial: string | null;
}

/**
 * Checks what was read from a `run.json`.
 * @throws Error naming the field that is wrong
 */
export function parseRunRecord(text: string, where: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${where}: is not JSON; give the folder of a run that dzdt wrote`);
  }
  const record: Record<string, unknown> = typeof value === "object" && value !== null ? { ...value } : {};
  if (record["format"] !== 1)
    throw new Error(
      `${where}: has format ${JSON.stringify(record["format"])}, and this version of dzdt reads format 1; train again or use a matching version`,
    );
  for (const [field, holds] of Object.entries(checks))
    if (!holds(record[field]))
      throw new Error(
        `${where}: field "${field}" is ${JSON.stringify(record[field])}; the file was changed by hand, train again`,
      );
  return record as unknown as RunRecord;
}

const isText = (value: unknown): boolean => typeof value === "string";
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const checks: Readonly<Record<Exclude<keyof RunRecord, "format">, (value: unknown) => boolean>> = {
  experiment: isText,
  model: (value) => value === null || isText(value),
  command: isText,
  seed: Number.isInteger,
  started: isText,
  seconds: (value) => typeof value === "number",
  versions: isObject,
  columns: isTexts,
  data: (value) =>
    value === null ||
    (isObject(value) &&
      isText(value["file"]) &&
      isTexts(value["columns"]) &&
      isText(value["time"]) &&
      (value["trial"] === null || isText(value["trial"]))),
  config: isObject,
  metrics: isObject,
  stopped: (value) => typeof value === "boolean",
};

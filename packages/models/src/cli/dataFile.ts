import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { columnNames, readTable } from "../series/readTable";
import type { SeriesTable } from "../series/readTable";
import type { DataSource } from "./runRecord";

/**
 * Reads a CSV named on the command line.
 * @param source `trial` is a column that must exist; `trialIfPresent` one that is used if it does
 * @throws Error for a file that cannot be read, and those of `readTable`
 */
export async function readDataFile(
  source: {
    readonly file: string;
    readonly columns: readonly string[];
    readonly time: string;
    readonly trial?: string;
    readonly trialIfPresent?: string;
  },
  cwd: string,
): Promise<{ readonly table: SeriesTable; readonly source: DataSource }> {
  const { file, columns, time, trialIfPresent } = source;
  const text = await readText(file, cwd);
  const found =
    trialIfPresent !== undefined && columnNames(text, file).includes(trialIfPresent) ? trialIfPresent : undefined;
  const trial = source.trial ?? found;
  const table = readTable(text, { where: file, columns, time, ...(trial === undefined ? {} : { trial }) });
  return { table, source: { file, columns, time, trial: trial ?? null } };
}

async function readText(file: string, cwd: string): Promise<string> {
  try {
    return await readFile(resolve(cwd, file), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "does not exist",
      EISDIR: "is a folder",
      EACCES: "may not be read",
    };
    throw new Error(`${file}: ${reasons[code] ?? `cannot be read (${code})`}; give a CSV file with a header`, {
      cause: error,
    });
  }
}

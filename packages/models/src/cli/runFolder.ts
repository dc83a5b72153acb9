import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileStore } from "../node/fileStore";
import type { FileStore } from "../node/fileStore";
import type { SavedRun } from "./experiment";
import { parseRunRecord } from "./runRecord";
import type { RunRecord } from "./runRecord";

const files = {
  report: "report.html",
  record: "run.json",
  weights: "weights.safetensors",
} as const;

const checkpointFile = (name: string): string => `checkpoint-${name}.safetensors`;
const isCheckpoint = (file: string): boolean => file.startsWith("checkpoint-") && file.endsWith(".safetensors");

/** A folder for one run. */
export interface RunFolder {
  readonly path: string;
  /** Where the training of that name keeps its checkpoint. */
  checkpoint(name: string): FileStore;
  /** Writes the weights, then the report, then `run.json`: a folder with a `run.json` is whole. The checkpoints of a finished run are removed. */
  save(content: { readonly report: string; readonly record: RunRecord; readonly weights: Uint8Array }): Promise<void>;
  /** Removes the folder if nothing was written into it. */
  discardIfEmpty(): Promise<void>;
}

/**
 * Makes `<parent>/<name>-<timestamp>/`, with `-2`, `-3` … after it if that exists.
 * @throws Error if the folder cannot be made
 */
export async function createRunFolder(parent: string, name: string, now: Date): Promise<RunFolder> {
  const path = await makeFolder(parent, `${name}-${timestamp(now)}`);
  const store = (file: string): FileStore => fileStore(join(path, file));
  return {
    path,
    checkpoint: (name) => store(checkpointFile(name)),
    save: async ({ report, record, weights }) => {
      const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
      await store(files.weights).write(weights);
      await store(files.report).write(encode(report));
      await store(files.record).write(encode(`${JSON.stringify(record, null, 2)}\n`));
      if (record.stopped) return;
      for (const file of (await readdir(path)).filter(isCheckpoint)) await rm(join(path, file), { force: true });
    },
    discardIfEmpty: () => rmdir(path).catch(() => undefined),
  };
}

/**
 * Reads a run back.
 * @throws Error if the folder is missing or not a whole run
 */
export async function readRun(folder: string, cwd: string): Promise<SavedRun> {
  const path = resolve(cwd, folder);
  const [recordBytes, weights] = await Promise.all([
    fileStore(join(path, files.record)).read(),
    fileStore(join(path, files.weights)).read(),
  ]);
  if (!recordBytes || !weights)
    throw new Error(
      `${folder}: has no ${recordBytes ? files.weights : files.record}; give the folder of a finished run, such as runs/hnn-20260102-030405`,
    );
  return { folder, record: parseRunRecord(new TextDecoder().decode(recordBytes), join(folder, files.record)), weights };
}

/**
 * A folder's checkpoints for a run that goes on from an earlier one: read there until something is written here.
 * @throws Error if the earlier folder holds none
 */
export async function resumeFrom(earlier: string, cwd: string): Promise<(name: string, own: FileStore) => FileStore> {
  const path = resolve(cwd, earlier);
  const found = (await readdir(path).catch(() => [])).filter(isCheckpoint);
  if (found.length === 0)
    throw new Error(`${earlier}: has no checkpoint to go on from; give the folder of a run that was stopped`);
  return (name, own) => {
    const old = fileStore(join(path, checkpointFile(name)));
    return { ...own, read: async () => (await own.read()) ?? (await old.read()) };
  };
}

/** The report's path inside a run folder. */
export const reportPath = (folder: string): string => join(folder, files.report);

async function makeFolder(parent: string, name: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const path = join(parent, attempt === 1 ? name : `${name}-${attempt}`);
      try {
        await mkdir(path);
        return path;
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      }
    }
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Error(`cannot make a run folder in ${parent} (${reason}); give a folder that can be written with --out`, {
      cause: error,
    });
  }
}

/** Local time as 20260102-030405, which sorts. */
function timestamp(now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

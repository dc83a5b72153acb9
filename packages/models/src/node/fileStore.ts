import { randomBytes } from "node:crypto";
import { open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A place for one value, such as a training checkpoint. */
export interface FileStore {
  readonly path: string;
  /** The bytes last written, or `undefined` if there are none yet. */
  read(): Promise<Uint8Array | undefined>;
  /** Replaces the value as a whole: whoever reads, also after a crash or a failed write, finds the old bytes or the new ones. */
  write(bytes: Uint8Array): Promise<void>;
}

/**
 * A store in one file. A write goes to a temporary file beside it, which is flushed to the disk and then renamed;
 * writes of one store land in the order they were asked for.
 * @param path of the file; its folder must exist
 * @throws Error (from `read` and `write`) naming the path and the reason
 */
export function fileStore(path: string): FileStore {
  let last: Promise<void> = Promise.resolve();
  return {
    path,
    read: async () => {
      try {
        return new Uint8Array(await readFile(path));
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined;
        throw new Error(`fileStore: cannot read ${path} (${reasonOf(error)}); check the path and its permissions`, {
          cause: error,
        });
      }
    },
    write: (bytes) => {
      // a copy, because the caller may reuse its buffer before it is this write's turn
      const copy = bytes.slice();
      const done = last.then(() => replace(path, copy));
      // a failed write is reported to its caller; the next one starts afresh
      last = done.catch(() => undefined);
      return done;
    },
  };
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new Error(
      `fileStore: cannot write ${path} (${reasonOf(error)}); check that its folder exists, is writable and has room`,
      { cause: error },
    );
  }
  await syncFolder(folder);
}

/** Makes the rename itself survive a power cut, where the system allows a folder to be flushed. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    // Windows refuses; the file is whole either way
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
const reasonOf = (error: unknown): string => String(codeOf(error) ?? error);

import { unzipSync, zipSync } from "fflate";
import { checkOptions } from "../arguments";
import type { Tensor } from "../tensor";
import { FormatError } from "./errors";
import { checkBytes, npyBytes, readNpy, within } from "./npy";
import type { ReadOptions } from "./to-tensor";

/**
 * Tensors by name from the bytes of an .npz file: a zip archive of .npy files, stored or deflated, as `numpy.savez` and
 * `numpy.savez_compressed` write it.
 * @throws FormatError for anything else, never a partial result
 */
export function readNpz(bytes: Uint8Array, options: ReadOptions = {}): Record<string, Tensor> {
  checkBytes("readNpz", bytes);
  checkOptions("readNpz", options, ["target"]);
  return within("readNpz", () => {
    const files = unzip(bytes);
    return Object.fromEntries(
      Object.entries(files).map(([path, file]) => {
        if (!path.endsWith(".npy"))
          throw new FormatError(`"${path}" is not an .npy file; an .npz archive holds nothing else`);
        return [path.slice(0, -".npy".length), within(path, () => readNpy(file, options))];
      }),
    );
  });
}

/**
 * The bytes of tensors as an .npz file, one .npy file each, names sorted; the same tensors give the same bytes.
 * @param options.compress deflates, which random weights barely profit from. @defaultValue false
 */
export async function writeNpz(
  tensors: Readonly<Record<string, Tensor>>,
  options: { readonly compress?: boolean } = {},
): Promise<Uint8Array> {
  checkOptions("writeNpz", options, ["compress"]);
  const files = Object.create(null) as Record<string, Uint8Array>;
  for (const name of Object.keys(tensors).sort()) {
    const x = tensors[name]!;
    files[`${name}.npy`] = npyBytes(await x.data(), x.dtype, x.shape);
  }
  // Zip's clock starts in 1980; a fixed time keeps the bytes a function of the tensors.
  return zipSync(files, { level: options.compress ? 6 : 0, mtime: new Date(1980, 0, 1) });
}

function unzip(bytes: Uint8Array): Record<string, Uint8Array> {
  const expected = new Map<string, number>();
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        expected.set(name, originalSize);
        return true;
      },
    });
  } catch (error) {
    throw new FormatError(
      `the bytes are not a readable zip archive: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  for (const [name, size] of expected)
    if (files[name]?.length !== size)
      throw new FormatError(`"${name}" holds ${files[name]?.length ?? 0} bytes where the archive says ${size}`);
  return files;
}

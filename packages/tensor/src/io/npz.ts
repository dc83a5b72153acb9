import type { Tensor } from "../tensor";
import { FormatError } from "./errors";
import { npyBytes, readNpy, within } from "./npy";
import type { ReadOptions } from "./to-tensor";
import { readZip, writeZip } from "./zip";

/**
 * Tensors by name from the bytes of an .npz file: a zip archive of .npy files, stored or deflated, as `numpy.savez` and
 * `numpy.savez_compressed` write it.
 * @throws FormatError for anything else, never a partial result
 */
export function readNpz(bytes: Uint8Array, options: ReadOptions = {}): Record<string, Tensor> {
  return within("readNpz", () =>
    Object.fromEntries(
      [...readZip(bytes)].map(([path, file]) => {
        if (!path.endsWith(".npy"))
          throw new FormatError(`"${path}" is not an .npy file; an .npz archive holds nothing else`);
        return [path.slice(0, -".npy".length), within(path, () => readNpy(file, options))];
      }),
    ),
  );
}

/**
 * The bytes of tensors as an .npz file, one .npy file each, names sorted; the same tensors give the same bytes (deflated, in one engine).
 * @param options.compress deflates, which random weights barely profit from. @defaultValue false
 */
export async function writeNpz(
  tensors: Readonly<Record<string, Tensor>>,
  options: { readonly compress?: boolean } = {},
): Promise<Uint8Array> {
  const files: [string, Uint8Array][] = [];
  for (const name of Object.keys(tensors).sort()) {
    const x = tensors[name]!;
    files.push([`${name}.npy`, npyBytes(await x.data(), x.dtype, x.shape)]);
  }
  return writeZip(files, { compress: options.compress ?? false });
}

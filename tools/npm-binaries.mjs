// SwiftShader (Vulkan in software), the Vulkan loader and headless Chromium, unpacked from the @sparticuz/chromium
// package that npm has already installed. Neither the network nor `tar` or `brotli` are needed.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { brotliDecompressSync } from "node:zlib";

const TAR_BLOCK = 512;
const TAR_REGULAR_FILE = new Set([0, 0x30]);

/**
 * The fonts.conf that ships names folders that do not exist; with it, pages have no text.
 * @param {string} folder
 */
const fontsConf = (folder) => `<?xml version="1.0"?>
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/fontcache</cachedir></fontconfig>
`;

/** Root folder of @sparticuz/chromium; undefined where it is not installed, or not made for this machine. */
function packageRoot() {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  try {
    const entry = createRequire(import.meta.url).resolve("@sparticuz/chromium");
    const root = path.join(path.dirname(entry), "..", "..");
    return existsSync(path.join(root, "bin", "swiftshader.tar.br")) ? root : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Writes the regular files of a tar archive below `folder`.
 * @param {Buffer} archive
 * @param {string} folder
 */
function untar(archive, folder) {
  for (let at = 0; at + TAR_BLOCK <= archive.length;) {
    const name = archive.toString("utf8", at, at + 100).replace(/\0[^]*$/, "");
    if (!name) return;
    const size = Number.parseInt(archive.toString("ascii", at + 124, at + 136), 8) || 0;
    const body = at + TAR_BLOCK;
    if (TAR_REGULAR_FILE.has(archive[at + 156] ?? -1) && !name.split("/").includes("..")) {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, archive.subarray(body, body + size), { mode: 0o755 });
    }
    at = body + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

/**
 * The folder `<key>-<version>` in node_modules/.cache, filled on first use.
 *
 * It is filled beside its final place and then renamed, so that a second process never sees it half unpacked.
 * @param {string} root
 * @param {string} key
 * @param {(unfinished: string, final: string) => void} fill
 */
function cached(root, key, fill) {
  const { version } = /** @type {{ version: string }} */ (
    JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"))
  );
  const folder = path.join(root, "..", "..", ".cache", "dzdt-binaries", `${key}-${version}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  fill(unfinished, folder);
  try {
    renameSync(unfinished, folder);
  } catch {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}

/**
 * @param {string} root
 * @param {string} file
 */
const unpacked = (root, file) => brotliDecompressSync(readFileSync(path.join(root, "bin", `${file}.br`)));

/** Folder with libvk_swiftshader.so, libvulkan.so.1 and vk_swiftshader_icd.json; undefined if npm has none. */
export function swiftshaderFolder() {
  const root = packageRoot();
  return root && cached(root, "swiftshader", (folder) => untar(unpacked(root, "swiftshader.tar"), folder));
}

/**
 * Headless Chromium and the environment it needs; undefined if npm has none.
 * @returns {{ executablePath: string, env: Record<string, string> } | undefined}
 */
export function npmChromium() {
  const root = packageRoot();
  if (!root) return undefined;
  const folder = cached(root, "chromium", (to, final) => {
    writeFileSync(path.join(to, "chromium"), unpacked(root, "chromium"), { mode: 0o755 });
    for (const part of ["swiftshader", "al2023", "fonts"]) untar(unpacked(root, `${part}.tar`), to);
    writeFileSync(path.join(to, "fonts.conf"), fontsConf(final));
  });
  return {
    executablePath: path.join(folder, "chromium"),
    env: {
      LD_LIBRARY_PATH: [path.join(folder, "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
      FONTCONFIG_FILE: path.join(folder, "fonts.conf"),
    },
  };
}

// Packs every package and uses the tarballs as a stranger would: each alone in an empty folder, with only its own
// dependencies, loaded by `import` and by `require`. Prints one line a package. Run the build first.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/**
 * @typedef {{ name: string, exports: Record<string, unknown>, bin?: Record<string, string>, dependencies?: Record<string, string> }} Manifest
 * @typedef {{ folder: string, manifest: Manifest, tarball: string }} Packed
 */

const packagesFolder = fileURLToPath(new URL("../packages", import.meta.url));
const scratch = mkdtempSync(path.join(os.tmpdir(), "dzdt-packages-"));

/**
 * What only the built package does, in its words for `m`, the package: `fflate` is brought along, to run when it is used.
 * @type {Record<string, string>}
 */
const trials = {
  "@dzdt/tensor": "m.io.writeNpz({ a: m.tensor([1]) }).then((bytes) => m.io.readNpz(bytes).a.item())",
};

/**
 * What a command prints on its standard output; throws with what it prints on the other if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const { stdout, stderr, status } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}\nfails in ${path.basename(cwd)}:\n${stderr}`);
  return stdout;
}

/**
 * @param {string} folder
 * @returns {Packed}
 */
function pack(folder) {
  const manifest = /** @type {Manifest} */ (JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")));
  const [{ filename }] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", scratch], folder));
  return { folder, manifest, tarball: path.join(scratch, filename) };
}

/**
 * The package and all of its own siblings that it needs.
 * @param {Packed} start
 * @param {Map<string, Packed>} byName
 */
function withSiblings(start, byName) {
  const found = new Set([start]);
  for (const { manifest } of found) {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const sibling = byName.get(name);
      if (sibling) found.add(sibling);
    }
  }
  return [...found];
}

/**
 * Throws if an entry point does not load, or shows other names to `import` than to `require`.
 * @param {Packed} packed
 * @param {Map<string, Packed>} byName
 */
function useAlone({ folder, manifest, tarball }, byName) {
  const home = path.join(scratch, path.basename(folder));
  mkdirSync(home);
  writeFileSync(path.join(home, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const tarballs = withSiblings({ folder, manifest, tarball }, byName).map((sibling) => sibling.tarball);
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", ...tarballs], home);

  const entries = Object.keys(manifest.exports).filter((subpath) => !subpath.endsWith(".json"));
  for (const subpath of entries) {
    const name = path.posix.join(manifest.name, subpath);
    const list = "console.log(Object.keys(m).filter((key) => key !== 'default').sort().join())";
    const imported = run(process.execPath, ["-e", `import(${JSON.stringify(name)}).then((m) => ${list})`], home);
    const required = run(
      process.execPath,
      ["--input-type=commonjs", "-e", `const m = require(${JSON.stringify(name)}); ${list}`],
      home,
    );
    if (imported !== required) throw new Error(`${name}: import shows ${imported}but require shows ${required}`);
  }
  const trial = trials[manifest.name];
  if (trial) run(process.execPath, ["-e", `import(${JSON.stringify(manifest.name)}).then((m) => ${trial})`], home);
  for (const command of Object.keys(manifest.bin ?? {})) run("npx", ["--no-install", command, "--help"], home);
  return entries.length;
}

/** @param {Packed} packed */
async function lint({ folder, manifest }) {
  const { messages, pkg } = await publint({ pkgDir: folder, strict: true });
  if (messages.length === 0) return;
  throw new Error(`${manifest.name}: publint: ${messages.map((message) => formatMessage(message, pkg)).join("; ")}`);
}

async function main() {
  const packed = readdirSync(packagesFolder).map((name) => pack(path.join(packagesFolder, name)));
  const byName = new Map(packed.map((one) => [one.manifest.name, one]));
  for (const one of packed) {
    await lint(one);
    const entries = useAlone(one, byName);
    console.log(`${one.manifest.name}: installs alone; entry points that load by import and by require: ${entries}`);
  }
}

await main()
  .catch((/** @type {Error} */ error) => {
    console.error(`check-packages: ${error.message}`);
    process.exitCode = 1;
  })
  .finally(() => rmSync(scratch, { recursive: true, force: true }));

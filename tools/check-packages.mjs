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
 * What throws, by package: engines that read source maps must say where.
 * @type {Record<string, string>}
 */
const failures = {
  "@dzdt/tensor": "m.tensor([1, 2]).reshape([3])",
  "@dzdt/autograd": "m.grad((x) => x)([1, 2])",
  "@dzdt/odeint": "m.odeint((t, y) => y, 1, [0, 1], { solver: 'none' })",
  "@dzdt/models": "m.hnn({})",
  "@dzdt/kernels-wgsl": "m.webgpu({ rowMemory: -1 })",
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
 * Throws if the trace of a failure does not begin in the sources, where an error is thrown.
 * @param {string} name
 * @param {string} failure
 * @param {string} home
 */
function checkTrace(name, failure, home) {
  const code = `import(${JSON.stringify(name)}).then((m) => ${failure}).catch((error) => console.log(error.stack))`;
  const trace = run(process.execPath, ["--enable-source-maps", "-e", code], home);
  const [, file, line] = /([^\s(]+\.ts):(\d+):\d+/.exec(trace) ?? [];
  const text = file && readFileSync(file.replace(/^file:\/\//, ""), "utf8").split("\n")[Number(line) - 1];
  if (!text?.includes("throw new")) throw new Error(`${name}: a trace does not lead to the sources:\n${trace}`);
}

/**
 * Throws if an entry point does not load, shows other names to `import` than to `require`, or a class by another name than its own.
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
    const list =
      "const keys = Object.keys(m).filter((key) => key !== 'default').sort();" +
      "const renamed = keys.filter((key) => /^class\\b/.test(m[key]) && m[key].name !== key);" +
      "if (renamed.length > 0) throw new Error(`classes of other names: ${renamed}`); console.log(keys.join())";
    const imported = run(process.execPath, ["-e", `import(${JSON.stringify(name)}).then((m) => { ${list} })`], home);
    const required = run(
      process.execPath,
      ["--input-type=commonjs", "-e", `const m = require(${JSON.stringify(name)}); ${list}`],
      home,
    );
    if (imported !== required) throw new Error(`${name}: import shows ${imported}but require shows ${required}`);
  }
  const trial = trials[manifest.name];
  if (trial) run(process.execPath, ["-e", `import(${JSON.stringify(manifest.name)}).then((m) => ${trial})`], home);
  const failure = failures[manifest.name];
  if (failure) checkTrace(manifest.name, failure, home);
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

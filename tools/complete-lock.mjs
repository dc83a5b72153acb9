// Makes package-lock.json acceptable to `npm ci` everywhere. Run it after every `npm install` (or use `npm run lock`).
//
// A registry that does not serve the binaries of every platform makes npm >= 11 leave those optional packages out of
// the lock, and then `npm ci` rejects the lock ("Missing: @turbo/darwin-64 from lock file", npm/cli issue 9846).
// The entries are added here from the parents' own `optionalDependencies`. Addresses of registries are taken out,
// so that the lock works with whatever registry a machine is set up for.
import { readFileSync, writeFileSync } from "node:fs";

/** @typedef {{ version?: string, resolved?: string, dev?: boolean, optional?: boolean, license?: string, os?: string[], cpu?: string[], libc?: string[], optionalDependencies?: Record<string, string> }} Entry */

/** Words in package names that say which `os` they are for. @type {Record<string, string>} */
const OS = { windows: "win32", win32: "win32" };
for (const os of ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos"])
  OS[os] = os;

/** Words in package names that say which `cpu` they are for. @type {Record<string, string>} */
const CPU = { 64: "x64", aarch64: "arm64" };
for (const cpu of ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"])
  CPU[cpu] = cpu;

/**
 * Whether `name`, required from the package at `from`, is somewhere Node would look for it.
 * @param {Record<string, Entry>} packages
 * @param {string} from
 * @param {string} name
 */
function isLocked(packages, from, name) {
  for (let dir = from; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf("/node_modules/")))) {
    if (packages[`${dir && `${dir}/`}node_modules/${name}`]) return true;
    if (!dir) return false;
  }
}

/**
 * The lock entry of a platform package that the registry did not serve; undefined if its name tells no platform.
 * @param {string} name
 * @param {string} version
 * @param {Entry} parent
 * @returns {Entry | undefined}
 */
function platformEntry(name, version, parent) {
  const words = name.slice(name.lastIndexOf("/") + 1).split("-");
  const os = words.map((word) => OS[word]).find(Boolean);
  const cpu = words.map((word) => CPU[word]).find(Boolean);
  if (!os && !cpu) return undefined;
  const libc = words.some((word) => word.startsWith("musl"))
    ? "musl"
    : words.some((word) => word.startsWith("gnu"))
      ? "glibc"
      : undefined;
  return {
    version,
    ...(cpu && { cpu: [cpu] }),
    ...(parent.dev && { dev: true }),
    ...(libc && os === "linux" && { libc: [libc] }),
    ...(parent.license && { license: parent.license }),
    optional: true,
    ...(os && { os: [os] }),
  };
}

const file = process.argv[2] ?? "package-lock.json";
const lock = /** @type {{ packages: Record<string, Entry> }} */ (JSON.parse(readFileSync(file, "utf8")));
const packages = lock.packages;
let added = 0;

for (const [at, parent] of Object.entries(packages)) {
  if (parent.resolved?.startsWith("http")) delete parent.resolved;
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (isLocked(packages, at, name) || !/^\d/.test(version)) continue;
    const entry = platformEntry(name, version, parent);
    if (!entry) {
      console.warn(`complete-lock: cannot tell the platform of ${name} from its name; add its entry by hand`);
      continue;
    }
    packages[`node_modules/${name}`] = entry;
    added += 1;
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, "en")));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`complete-lock: added ${added} entries to ${file}`);

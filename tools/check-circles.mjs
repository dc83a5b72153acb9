// Modules that import each other at run time are one module in disguise. Types may point both ways: what is asked here is what a bundler finds
// once they are gone.
import { build } from "esbuild";

const { metafile } = await build({
  entryPoints: ["packages/*/src/**/index.ts"],
  packages: "external",
  bundle: true,
  metafile: true,
  write: false,
  format: "esm",
  platform: "node",
  outdir: "unwritten",
  logLevel: "error",
});

/**
 * Files that are being looked at, in the order of their imports.
 * @type {string[]}
 */
const path = [];
/** Files that lead to no circle. */
const done = new Set();

/**
 * @param {string} file
 * @returns {string[] | undefined} the first circle that its imports lead to
 */
function look(file) {
  if (done.has(file)) return undefined;
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
  path.push(file);
  for (const { path: imported, kind } of metafile.inputs[file]?.imports ?? []) {
    const circle = kind === "import-statement" ? look(imported) : undefined;
    if (circle) return circle;
  }
  path.pop();
  done.add(file);
  return undefined;
}

for (const file of Object.keys(metafile.inputs).filter((name) => name.startsWith("packages/"))) {
  const circle = look(file);
  if (circle) {
    console.error(`circles: modules import each other: ${circle.join(" → ")}; move what both need to a third`);
    process.exit(1);
  }
}

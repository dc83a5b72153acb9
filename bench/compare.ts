// `npm run bench:compare -- main~3 [other]`: dzdt of two revisions in turns; without the other, the files as they are now.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lane } from "./src/lane";
import { describeMachine } from "./src/machine";
import { compare, type Outcome } from "./src/rounds";
import { digits, layout } from "./src/table";
import { selectCases, workloadOf } from "./src/workloads";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Its errors are shown, its output is returned. */
const run = (command: string, args: readonly string[], cwd: string): Buffer =>
  execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 30 });

/** The packages of a revision, or of now, in a folder of their own, built; with the benchmarks and dependencies of now. */
function checkOut(revision: string | undefined, temporary: string): string {
  const folder = mkdtempSync(join(temporary, "revision-"));
  if (revision === undefined) copy(["packages", "tools", "package.json", "tsup.base.ts", "tsconfig.base.json"], folder);
  else execFileSync("tar", ["-x", "-C", folder], { input: run("git", ["archive", "--format=tar", revision], root) });
  rmSync(join(folder, "bench"), { recursive: true, force: true });
  copy(["bench"], folder);
  linkDependencies(folder);
  build(folder, revision ?? "now");
  return folder;
}

function copy(names: readonly string[], folder: string): void {
  const filter = (source: string): boolean => !["node_modules", "dist"].includes(basename(source));
  for (const name of names) cpSync(join(root, name), join(folder, name), { recursive: true, filter });
}

const packagesOf = (folder: string): string[] =>
  readdirSync(join(folder, "packages")).filter((name) => existsSync(join(folder, "packages", name, "package.json")));

/** All of the installed packages but those of this repository, which are the folder's own. */
function linkDependencies(folder: string): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@dzdt"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules")))
    if (name !== "@dzdt" && name !== ".cache") symlinkSync(join(root, "node_modules", name), join(modules, name));
  for (const name of packagesOf(folder)) {
    const path = join(folder, "packages", name);
    const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8")) as { name: string };
    symlinkSync(path, join(modules, "@dzdt", basename(manifest.name)));
  }
}

/** Bundles only: declarations are of no use here. */
function build(folder: string, label: string): void {
  for (const name of packagesOf(folder)) {
    console.error(`building ${name} of ${label}`);
    run(join(root, "node_modules", ".bin", "tsup"), [], join(folder, "packages", name));
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, seconds: { type: "string", default: "1" }, json: { type: "boolean" } },
});
const [base, other] = positionals;
const seconds = Number(values.seconds);
if (base === undefined || positionals.length > 2 || !(seconds > 0))
  throw new Error(
    "bench:compare: give one or two revisions, as in `npm run bench:compare -- HEAD~1 --only W5 --seconds 2`",
  );

const temporary = mkdtempSync(join(tmpdir(), "dzdt-compare-"));
try {
  const folders = [base, other].map((revision) => checkOut(revision, temporary));
  await report(folders, [base, other ?? "now"]);
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

async function report(folders: readonly string[], labels: readonly string[]): Promise<void> {
  const rows = (await selectCases(values.only)).filter(({ dzdt }) => typeof dzdt === "function");
  const table = [["case", ...labels.map((label) => `${label} ms`), "ratio", "from", "to"]];
  const rounds = 9;
  for (const workload of new Set(rows.map(({ name }) => workloadOf(name)))) {
    const lanes = folders.map(
      (folder, i) => new Lane("dzdt", { label: `${i}`, host: join(folder, "bench", "src", "host.ts") }),
    );
    for (const row of rows.filter(({ name }) => workloadOf(name) === workload)) {
      const outcomes = await compare(row, lanes, { rounds, milliseconds: (1000 * seconds) / rounds });
      const [before, after] = ["0", "1"].map((label) => outcomes.get(label));
      const ratio = after?.kind === "measured" && before?.kind === "measured" ? [after.ratio, ...after.spread] : [];
      table.push([row.name, text(before), text(after), ...ratio.map(digits)]);
      if (values.json) console.log(JSON.stringify({ case: row.name, labels, before, after }));
      else console.error(table.at(-1)!.join("  "));
    }
    lanes.forEach((lane) => lane.close());
  }
  const width = table[0]!.length;
  console.log(layout(table.map((cells) => [...cells, ...new Array<string>(width - cells.length).fill("")])));
  console.log(
    `\nratio: ${labels[1]} by ${labels[0]}, below 1 is faster; the median of ${rounds} rounds, and their range`,
  );
  console.log(describeMachine());
}

function text(outcome: Outcome | undefined): string {
  if (!outcome) return "-";
  if (outcome.kind === "measured") return digits(outcome.estimate);
  return `FAILED: ${outcome.kind === "failed" ? outcome.message.split("\n")[0]!.slice(0, 80) : outcome.reason}`;
}

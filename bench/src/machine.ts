import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

/** Processor, system, Node and how busy they are. */
export function describeMachine(): string {
  const list = cpus();
  return [
    `${list.length} × ${list[0]?.model.trim() ?? "unknown processor"}`,
    `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    `${platform()} ${release()}`,
    `Node ${process.version} (V8 ${process.versions.v8})`,
    `load ${loadavg()
      .map((x) => x.toFixed(1))
      .join(" ")}`,
  ].join(", ");
}

/** The version of an installed package. */
export function versionOf(name: string): string {
  const require = createRequire(import.meta.url);
  let folder = dirname(require.resolve(name));
  for (;;) {
    try {
      const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (found.name === name && found.version) return found.version;
    } catch {
      // Not the package's root.
    }
    const parent = dirname(folder);
    if (parent === folder) return "?";
    folder = parent;
  }
}

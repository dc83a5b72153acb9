import { rmSync } from "node:fs";
import { defineConfig } from "tsup";
import { library } from "../../tsup.base";
import { exports } from "./package.json";

// The two builds below run side by side into one folder, so it is emptied here, once, and by neither of them.
rmSync("dist", { recursive: true, force: true });

/** Source files of the subpaths in package.json, so that a new model is listed in one place. */
const entry = Object.values(exports).flatMap((target) => (typeof target === "string" ? [] : [target["@dzdt/source"]]));

export default defineConfig([
  { ...library, clean: false, entry },
  {
    ...library,
    clean: false,
    entry: { cli: "src/cli/index.ts" },
    format: ["esm"],
    splitting: false,
    platform: "node",
    // The command line runs the same modules that people import, and finds the WebGPU package only if it is installed.
    external: ["@dzdt/kernels-wgsl"],
  },
]);

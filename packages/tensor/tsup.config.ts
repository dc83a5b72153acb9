import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { defineConfig, type Options } from "tsup";
import { library } from "../../tsup.base";

/**
 * `fflate` computes tables while it loads, a quarter of the time to a process's first result. So what is used of it comes with the package, as a
 * function that runs when the first archive is read or written.
 */
const zipWhenUsed: NonNullable<Options["esbuildPlugins"]>[number] = {
  name: "zip-when-used",
  setup(bundle) {
    bundle.onResolve({ filter: /^fflate$/ }, () => ({ path: "fflate", namespace: "when-used" }));
    bundle.onLoad({ filter: /.*/, namespace: "when-used" }, async () => {
      const { outputFiles } = await build({
        stdin: {
          contents: 'export { unzipSync, zipSync } from "fflate/browser";',
          resolveDir: fileURLToPath(new URL(".", import.meta.url)),
        },
        bundle: true,
        format: "iife",
        globalName: "zip",
        write: false,
      });
      return {
        contents: `
          function load() { ${outputFiles[0]!.text} return zip; }
          let loaded;
          export const unzipSync = (...given) => (loaded ??= load()).unzipSync(...given);
          export const zipSync = (...given) => (loaded ??= load()).zipSync(...given);`,
      };
    });
  },
};

export default defineConfig({
  ...library,
  entry: ["src/index.ts", "src/testing/index.ts", "src/lower/index.ts"],
  noExternal: ["fflate"],
  esbuildPlugins: [zipWhenUsed],
});

import type { Options } from "tsup";
import { markPureInitializers } from "./tools/pure-initializers";

/**
 * esbuild writes namespaces (`export * as linalg`) as statements with effects, which bundlers must keep. As one pure call each they go from
 * the bundles of pages that do not use them. Lines stay where they are, for the source maps.
 */
const pureNamespaces: NonNullable<Options["plugins"]>[number] = {
  name: "pure-namespaces",
  renderChunk(code, { map }) {
    if (this.format !== "esm") return undefined;
    return {
      code: code
        .replace(/(var __export = \(target, all\) => \{\n.*\n.*)\n\};/, "$1\n  return target; };")
        .replace(/var (\w+) = \{\};\n__export\(\1, /g, "var $1 =\n/* @__PURE__ */ __export({}, "),
      map: map ?? null,
    };
  },
};

/** What a page does not use of a package must not stay in its bundle because a call made it. */
const pureInitializers: NonNullable<Options["plugins"]>[number] = {
  name: "pure-initializers",
  renderChunk(code, { map }) {
    return this.format === "esm" ? { code: markPureInitializers(code), map: map ?? null } : undefined;
  },
};

/** How every package is built: ES modules and CommonJS, one bundle per entry point. Declarations: tools/emit-declarations.mjs. */
export const library: Options = {
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  // Entry points of one package share their classes: without chunks, `instanceof` fails between "." and "./testing".
  splitting: true,
  sourcemap: true,
  clean: true,
  target: "es2022",
  platform: "neutral",
  silent: true,
  plugins: [pureNamespaces, pureInitializers],
};

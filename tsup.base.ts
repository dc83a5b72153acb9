import { transform } from "esbuild";
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

/** What {@link markPureInitializers} writes, and a name of the same length that stands for it where comments are dropped: columns stay where they are. */
const pure = "/* @__PURE__ */";
const pureName = "PURE".padEnd(pure.length, "_");

/**
 * Without comments and spaces, engines read packages faster: seven hundredths off the time to a process's first result. Names stay as they are, which
 * would be as much again, and lines short, for people who read traces without source maps.
 */
const shorten: NonNullable<Options["plugins"]>[number] = {
  name: "shorten",
  async renderChunk(given, { path }) {
    // tsup writes CommonJS of ES modules afterwards, by a tool that does not know all ways to write a constructor.
    if (this.format !== "esm") return undefined;
    const { code, map } = await transform(given.replaceAll(`${pure} (`, `${pureName} (`), {
      minifyWhitespace: true,
      minifySyntax: true,
      lineLimit: 160,
      target: "es2022",
      sourcemap: "external",
      sourcefile: path,
    });
    return { code: code.replaceAll(pureName, pure), map };
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
  plugins: [pureNamespaces, pureInitializers, shorten],
};

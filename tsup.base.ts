import { minify } from "terser";
import type { Options } from "tsup";
import { markPureInitializers } from "./tools/pure-initializers";
import { withPlainNamespaces } from "./tools/plain-namespaces";
import { seenNames } from "./tools/seen-names";

/**
 * esbuild writes namespaces (`export * as linalg`) as statements with effects and a getter for each member, which bundlers must keep and engines compile one by
 * one. As plain objects, made where they are first used, when all members are there, they go from the bundles of pages that do not use them.
 */
const plainNamespaces: NonNullable<Options["plugins"]>[number] = {
  name: "plain-namespaces",
  renderChunk(code, { map }) {
    return this.format === "esm" ? { code: withPlainNamespaces(code), map: map ?? null } : undefined;
  },
};

/** What a page does not use of a package must not stay in its bundle because a call made it. */
const pureInitializers: NonNullable<Options["plugins"]>[number] = {
  name: "pure-initializers",
  renderChunk(code, { map }) {
    return this.format === "esm" ? { code: markPureInitializers(code), map: map ?? null } : undefined;
  },
};

/** Classes have their own names, which esbuild leaves to their variables (`X = class`) or changes (`X = class _X`) and which other tools then shorten. */
const classNames: NonNullable<Options["plugins"]>[number] = {
  name: "class-names",
  renderChunk(code, { map }) {
    const changed = [...code.matchAll(/^var (\w+) = class _\1 /gm)].map(([, name]) => `\\b_${name}\\b`);
    const back = changed.length > 0 ? code.replace(new RegExp(changed.join("|"), "g"), (name) => name.slice(1)) : code;
    return { code: back.replace(/^var (\w+) = class (?!\1 )/gm, "var $1 = class $1 "), map: map ?? null };
  },
};

/**
 * Engines read short packages faster: without comments, spaces and long names. Names that people see stay, and lines are short, for traces without
 * source maps. Functions stay apart, as that compresses better. No character is beyond ASCII: one takes all others of a file to twice the memory.
 */
const shorten: NonNullable<Options["plugins"]>[number] = {
  name: "shorten",
  async renderChunk(given, { path }) {
    // tsup writes CommonJS of ES modules afterwards, by a tool that does not know all ways to write a constructor.
    if (this.format !== "esm") return undefined;
    const { code, map } = await minify(
      { [path]: given },
      {
        module: true,
        ecma: 2022,
        keep_classnames: true,
        compress: { inline: false, reduce_funcs: false, keep_fnames: true },
        mangle: { reserved: seenNames(given) },
        format: { ascii_only: true, max_line_len: 160, preserve_annotations: true },
        sourceMap: { asObject: true },
      },
    );
    return { code: `${code}\n`, map: map ?? null };
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
  plugins: [plainNamespaces, pureInitializers, classNames, shorten],
};

import type { Options } from "tsup";

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
};

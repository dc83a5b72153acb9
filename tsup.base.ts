import type { Options } from "tsup";

/** How every package is built: ES modules, CommonJS and declarations, one bundle per entry point. */
export const library: Options = {
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  // The private condition would make the declarations of siblings point at their sources.
  dts: { compilerOptions: { customConditions: [], noEmit: false, incremental: false } },
  // Entry points of one package share their classes: without chunks, `instanceof` fails between "." and "./testing".
  splitting: true,
  sourcemap: true,
  clean: true,
  target: "es2022",
  platform: "neutral",
  silent: true,
};

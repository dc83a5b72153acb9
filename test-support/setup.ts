import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Seed of every property test; null for a fresh one each time, which fast-check prints on failure. */
    propertySeed: number | null;
    /** Runs of property tests on GPUs, in Node and in browsers, from the variable RUNS; null for as many as each asks for itself. */
    runs: number | null;
  }
}

const seed = inject("propertySeed");
if (seed !== null) {
  const { configureGlobal } = await import("fast-check");
  configureGlobal({ seed });
}

import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Seed of every property test; null for a fresh one each time, which fast-check prints on failure. */
    propertySeed: number | null;
  }
}

const seed = inject("propertySeed");
if (seed !== null) {
  const { configureGlobal } = await import("fast-check");
  configureGlobal({ seed });
}

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as solvers from "./index";

const camelCase = (name: string): string => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const files = readdirSync(fileURLToPath(new URL(".", import.meta.url)))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "index.ts")
  .map((file) => camelCase(file.slice(0, -3)));

test.each(files)("%s is exported under the name of its file", (name) => {
  expect(solvers).toHaveProperty(name);
});

test.each(Object.entries(solvers))("%s is frozen through and through, and says who published it", (name, solver) => {
  expect(solver.name).toBe(name);
  expect(Object.isFrozen(solver)).toBe(true);
  expect(Object.isFrozen(solver.noise)).toBe(true);
  expect(Object.isFrozen(solver.strongOrder)).toBe(true);
  expect(solver.reference).toMatch(/\d{4}/);
});

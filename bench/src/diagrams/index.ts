// Work–precision diagrams: `npm run bench -- --diagrams`.
import { mkdirSync, writeFileSync } from "node:fs";
import { measure } from "./measure";
import { picture } from "./picture";
import { diagramProblems } from "./problems";

const folder = new URL("../../../docs/pictures/", import.meta.url);

/** Measures all problems, or those named, and writes a picture of each to docs/pictures. */
export function drawDiagrams(only?: string): void {
  const wanted = only?.split(",");
  const unknown = wanted?.find((name) => !diagramProblems.some((problem) => problem.name === name));
  if (unknown !== undefined)
    throw new Error(
      `bench: --only names ${unknown}; diagrams are of ${diagramProblems.map(({ name }) => name).join(", ")}`,
    );
  mkdirSync(folder, { recursive: true });
  for (const problem of diagramProblems) {
    if (wanted && !wanted.includes(problem.name)) continue;
    const curves = measure(problem);
    writeFileSync(new URL(`work-${problem.name}.svg`, folder), picture(problem.title, curves));
    for (const { name, points } of curves) {
      const finest = points.at(-1);
      const best = finest
        ? `error ${finest.error.toExponential(1)} with ${finest.evaluations} evaluations, ${finest.milliseconds.toFixed(2)} ms`
        : "nothing within an error of 1";
      console.log(`${problem.name.padEnd(16)} ${name.padEnd(24)} ${best}`);
    }
  }
}

import { ops, type Tensor, withTarget, js, wasm } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  eulerHeun,
  eulerMaruyama,
  generalShark,
  heunStratonovich,
  midpointStratonovich,
  milstein,
  type Noise,
  ralstonStratonovich,
  reversibleHeun,
  sdeint,
  type SdeSolver,
  sea,
  shark,
  slowRk,
  spark,
  sra1,
  sriw1,
  sriw2,
  type Calculus,
} from "../src/sde";
import data from "./data/sde.json";
import { tensorField } from "./support/expression";
import { givenPath, type GivenStep } from "./support/given-path";
import { f64 } from "./support/numbers";

const always = milstein.with({ commutative: false });
const methods: Readonly<Record<string, readonly [SdeSolver, Calculus]>> = {
  "euler-maruyama": [eulerMaruyama, "ito"],
  "euler-heun": [eulerHeun, "stratonovich"],
  heun: [heunStratonovich, "stratonovich"],
  midpoint: [midpointStratonovich, "stratonovich"],
  ralston: [ralstonStratonovich, "stratonovich"],
  "reversible-heun": [reversibleHeun, "stratonovich"],
  "milstein-stratonovich": [always, "stratonovich"],
  "milstein-ito": [always, "ito"],
  spark: [spark, "stratonovich"],
  "general-shark": [generalShark, "stratonovich"],
  slowrk: [slowRk, "stratonovich"],
  sriw1: [sriw1, "ito"],
  sriw2: [sriw2, "ito"],
  sra1: [sra1, "ito"],
  shark: [shark, "stratonovich"],
  sea: [sea, "ito"],
};

/** The problem's diffusion as its noise type wants it. */
function diffusionOf({ noise, g }: { noise: string; g: string[][] }): (t: Tensor, y: Tensor) => Tensor {
  if (noise === "scalar") return tensorField({ rhs: g.map((row) => row[0]!) });
  if (noise === "diagonal") return tensorField({ rhs: g.map((row, i) => row[i]!) });
  const columns = g[0]!.map((_, j) => tensorField({ rhs: g.map((row) => row[j]!) }));
  return (t, y) =>
    ops.stack(
      columns.map((column) => column(t, y)),
      1,
    );
}

describe.each([
  ["js", js],
  ["wasm", wasm],
] as const)("given W and H, sdeint takes the reference steps on %s", (_name, make) => {
  test.each(data.cases.map((c) => [c.method, c.problem, c.y] as const))("%s, %s noise", (method, name, expected) => {
    withTarget(make(), () => {
      const problem = data.problems[name as keyof typeof data.problems];
      const [solver, calculus] = methods[method]!;
      const shape = problem.noise === "scalar" ? [] : [2];
      const { path, ts } = givenPath(problem.t0, data.path as unknown as readonly GivenStep[], shape);
      const sde = {
        drift: tensorField({ rhs: problem.f }),
        diffusion: diffusionOf(problem),
        noise: problem.noise as Noise,
        calculus,
      };
      const { ys } = sdeint(sde, f64(problem.y0), ts, { path, solver });
      const found = ys.arraySync() as number[][];
      expected.forEach((row, n) =>
        row.forEach((value, i) => {
          const error = Math.abs(found[n + 1]![i]! - value);
          expect(error, `step ${n}, component ${i}: ${found[n + 1]![i]!} and ${value}`).toBeLessThanOrEqual(1e-14);
        }),
      );
    });
  });
});

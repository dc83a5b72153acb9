// The numbers that "working" means, in full: T1, T2 and T3 of the project's list. They are slow, so a plain `npm test` runs
// T1, T2 and the quick part of T3; `npm run test:targets` runs all and prints the tables.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { RunContext } from "../src/cli/experiment";
import { energyTable } from "../src/cli/experiments/measuredReport";
import { measuredPlans, measuredStudy, type MeasuredPlan, type Recipe } from "../src/cli/experiments/measuredStudy";
import { settings } from "../src/cli/experiments/pendulumDemo";
import { simulatedTable } from "../src/cli/experiments/simulatedReport";
import { simulatedStudy } from "../src/cli/experiments/simulatedStudy";
import { textTable } from "../src/report";
import { readTable } from "../src/series";

const all = process.env["DZDT_TARGETS"] === "all";
const seeds = [0, 1, 2];

const context: RunContext = {
  progress: { start: () => undefined, update: () => undefined, end: () => undefined },
  signal: new AbortController().signal,
  checkpoint: () => ({ path: "", read: () => Promise.resolve(undefined), write: () => Promise.resolve() }),
};

async function simulated(system: keyof typeof settings, seed: number) {
  const study = await simulatedStudy(settings[system], { seed }, context);
  if (all) console.info(`seed ${seed}\n${textTable(simulatedTable(study))}`);
  const [hnn, baseline] = study.models;
  return { hnn: hnn!, ratio: baseline!.energyMse / hnn!.energyMse };
}

test("T1: on the spring an HNN reaches the noise floor and keeps the energy 20 times better, in the median", async () => {
  const ratios: number[] = [];
  for (const seed of seeds) {
    const { hnn, ratio } = await simulated("spring", seed);
    expect(hnn.testLoss).toBeGreaterThanOrEqual(3.3e-2);
    expect(hnn.testLoss).toBeLessThanOrEqual(4.2e-2);
    expect(hnn.energyMse).toBeLessThanOrEqual(2e-3);
    ratios.push(ratio);
  }
  expect(ratios.sort((a, b) => a - b)[1]).toBeGreaterThanOrEqual(20);
}, 300_000);

test.each(seeds)(
  "T2: on the pendulum an HNN keeps the energy 10 times better, with seed %i",
  async (seed) => {
    const { hnn, ratio } = await simulated("pendulum", seed);
    expect(hnn.energyMse).toBeLessThanOrEqual(3e-3);
    expect(ratio).toBeGreaterThanOrEqual(10);
  },
  300_000,
);

const file = fileURLToPath(new URL("../../../../shared/data/real-pendulum/real_pend_h_1.csv", import.meta.url));
const present = existsSync(file);
if (!all) console.info("T3 (a) and T3 (b) through the solver take minutes: run them with npm run test:targets");

describe.skipIf(!present)("T3: on the measured pendulum (needs shared/data/real-pendulum)", () => {
  const measured = async (seed: number, choose: (plan: MeasuredPlan) => boolean) => {
    const where = "real_pend_h_1.csv";
    const table = readTable(readFileSync(file, "utf8"), { columns: ["o", "v"], time: "t", trial: "trial", where });
    const study = await measuredStudy(table, { seed, plans: measuredPlans.filter(choose) }, context);
    if (all) console.info(`seed ${seed}\n${textTable(energyTable(study))}`);
    return (name: string) => study.models.find((model) => model.name === name)!;
  };

  test.each(all ? seeds : [])(
    "(a) the published recipe gives the published numbers, with seed %i",
    async (seed) => {
      const model = await measured(seed, ({ recipe, width }) => recipe === "forward" && width === 200);
      expect(model("HNN").testLoss).toBeLessThanOrEqual(8e-3);
      expect(model("HNN").energyMse).toBeLessThanOrEqual(3e-2);
      expect(model("baseline").energyMse).toBeGreaterThanOrEqual(0.1);
    },
    600_000,
  );

  const honest: readonly (readonly [recipe: Recipe, seed: number])[] = [
    ...(all ? seeds : [0]).map((seed) => ["central", seed] as const),
    ...(all ? seeds : []).map((seed) => ["solver", seed] as const),
  ];
  test.each(honest)(
    "(b) without false friction (%s) damping wins and the baseline is fine, with seed %i",
    async (recipe, seed) => {
      const model = await measured(seed, (plan) => plan.recipe === recipe);
      expect(model("HNN + damping").energyMse).toBeLessThanOrEqual(5e-3);
      expect(model("HNN + damping").energyMse).toBeLessThanOrEqual(model("HNN").energyMse / 2);
      expect(model("baseline").energyMse).toBeLessThanOrEqual(1e-2);
    },
    600_000,
  );
});

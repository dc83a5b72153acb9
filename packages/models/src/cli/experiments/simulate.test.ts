import { random, tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { flow, simulate, starts } from "./simulate";
import { energies, energyMse, pendulum, spring } from "./system";

const key = random.key(0);

describe.each([pendulum, spring])("the simulated $name", (system) => {
  const from = starts(system, key, 40);

  test("starts within its range of radii, in all directions", () => {
    const values = from.dataSync();
    const radii = Array.from({ length: 40 }, (_, k) => Math.hypot(values[2 * k] ?? NaN, values[2 * k + 1] ?? NaN));
    for (const radius of radii) {
      expect(radius).toBeGreaterThanOrEqual(system.radius[0]);
      expect(radius).toBeLessThanOrEqual(system.radius[1]);
    }
    const quadrants = Array.from({ length: 40 }, (_, k) => `${values[2 * k]! > 0} ${values[2 * k + 1]! > 0}`);
    expect(new Set(quadrants).size).toBe(4);
  });

  test("keeps its energy along clean trajectories, so field and energy belong together", () => {
    const paths = energies(system.energy, flow(system, from, system.times()).dataSync());
    const drift = paths.map((value, i) => Math.abs(value - (paths[i % 40] ?? NaN)));
    expect(Math.max(...drift)).toBeLessThan(1e-8);
  });

  test("gives half of its trajectories to each part, with noise on the states and none on the derivatives", () => {
    const { train, test: held } = simulate(system, { key });
    const rows = 25 * system.times().size;
    expect([train.y.shape, train.dy.shape, held.y.shape]).toEqual([
      [rows, 2],
      [rows, 2],
      [rows, 2],
    ]);
    const clean = simulate(system, { key, noise: 0 });
    expect(clean.train.dy.arraySync()).toEqual(train.dy.arraySync());
    const noise = train.y.sub(clean.train.y).dataSync();
    const variance = Array.from(noise).reduce((sum, x) => sum + x * x, 0) / noise.length;
    expect(Math.sqrt(variance)).toBeCloseTo(0.1, 2);
    const exact = system.field(clean.train.y).sub(clean.train.dy).abs().max().itemSync();
    expect(exact).toBeLessThan(2e-6);
  });

  test("is a function of the key", () => {
    const again = simulate(system, { key: random.key(0) }).test.y.arraySync();
    expect(simulate(system, { key }).test.y.arraySync()).toEqual(again);
    expect(simulate(system, { key: random.key(1) }).test.y.arraySync()).not.toEqual(again);
  });
});

test("the pendulum's field is (2p, −3 sin q)", () => {
  const [dq, dp] = pendulum.field(tensor([0.5, -0.7], { dtype: "float64" })).dataSync();
  expect([dq, dp]).toEqual([-1.4, -3 * Math.sin(0.5)]);
});

test("energy MSE is the mean square of differences in energy, not in coordinates", () => {
  expect(energyMse(spring.energy, [1, 0, 0, 2], [0, 1, 2, 0])).toBe(0);
  expect(energyMse(spring.energy, [1, 0, 0, 2], [0, 0, 0, 0])).toBe((1 + 16) / 2);
});

import { vmap } from "@dzdt/autograd";
import { compile, random, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { brownianSteps, sdeint } from "../src/index";
import { drawnMotion } from "../src/sde/brownian/steps";
import { drawn } from "./support/drawn-steps";
import { f64, numbers } from "./support/numbers";
import { correlation, normalPValue } from "./support/statistics";

const key = random.key(5);

describe("steps that are drawn one by one", () => {
  const count = 30_000;
  const units = [1, 1 / 12, 1 / 720];
  const samples = [
    [0, 1],
    [1, 1],
    [2, 0.01],
    [70_000, 0.3],
  ].flatMap(([n, h]) =>
    drawn(key, [count], 3, n!, h!).map((x, m) => numbers(x).map((value) => value / Math.sqrt(h! * units[m]!))),
  );

  test("have the laws of W, H and K", () => {
    for (const values of samples) expect(normalPValue(values)).toBeGreaterThan(1e-3);
  });

  test("are independent: of each other, of their areas, by component and by key", () => {
    const others = drawn(random.key(6), [count], 3, 0, 1).map((x, m) =>
      numbers(x).map((v) => v / Math.sqrt(units[m]!)),
    );
    const shifted = samples.slice(0, 3).map((values) => [...values.slice(1), values[0]!]);
    const all = [...samples, ...others, ...shifted];
    for (let i = 0; i < all.length; i++)
      for (let j = 0; j < i; j++) expect(Math.abs(correlation(all[i]!, all[j]!))).toBeLessThan(4.5 / Math.sqrt(count));
  });

  test("have these laws one after the other too", () => {
    const motion = drawnMotion(key, [], 3, "float64");
    const h = f64(1);
    const over = (number: Tensor): Tensor[] => {
      const { W, H, K } = motion.over({ t: h, tNext: h, h, number });
      return [W, H!, K!];
    };
    const steps = f64(Array.from({ length: count }, (_, n) => n)).cast("int32");
    const rows = compile(vmap(over))(steps).map((x, m) => numbers(x).map((value) => value / Math.sqrt(units[m]!)));
    for (const row of rows) expect(normalPValue(row)).toBeGreaterThan(1e-3);
    const squares = rows.map((row) => row.map((x) => (x * x - 1) / Math.SQRT2));
    const all = [...rows, ...squares];
    for (const lag of [0, 1, 2, 256])
      for (let i = 0; i < all.length; i++)
        for (let j = 0; j < (lag === 0 ? i : all.length); j++) {
          const found = correlation(all[i]!.slice(lag), all[j]!.slice(0, count - lag));
          expect(Math.abs(found)).toBeLessThan(5 / Math.sqrt(count));
        }
  });

  test("add up to a Brownian motion over many steps", () => {
    const sde = { drift: (_t: Tensor, y: Tensor) => y.mul(0), diffusion: (_t: Tensor, y: Tensor) => y.mul(0).add(1) };
    const run = compile(
      vmap((k: Tensor) => sdeint(sde, f64(0), [0, 0.3, 2], { path: brownianSteps({ key: k }), dt: 0.01 }).ys),
    );
    const n = 5000;
    const rows = run(random.split(random.key(8), n)).arraySync() as number[][];
    const [first, second] = [rows.map((row) => row[1]!), rows.map((row) => row[2]! - row[1]!)];
    expect(normalPValue(first.map((x) => x / Math.sqrt(0.3)))).toBeGreaterThan(1e-3);
    expect(normalPValue(second.map((x) => x / Math.sqrt(1.7)))).toBeGreaterThan(1e-3);
    expect(Math.abs(correlation(first, second))).toBeLessThan(4.5 * Math.sqrt((0.3 * 1.7) / n));
  });
});

import { js, random, tensor, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import { vmap } from "@dzdt/autograd";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { brownian, type BrownianOptions, type BrownianPath, type LevyArea } from "../src/sde";
import { conditionalLaw } from "../src/sde/brownian/levy";
import data from "./data/sde.json";
import { correlation, normalPValue } from "./support/statistics";

const areas: readonly LevyArea[] = ["none", "space-time", "space-time-time"];
const path = (options: Partial<BrownianOptions> = {}): BrownianPath =>
  brownian({ key: random.key(7), t0: 0, t1: 1, shape: [2], levyArea: "space-time-time", ...options });
const numbers = (x: Tensor | undefined): number[] => (x ? Array.from(x.dataSync()) : []);
const parts = (of: BrownianPath, s: number, t: number): number[][] => {
  const { W, H, K } = of.increment(s, t);
  return [W, H, K].map(numbers);
};
const moment = fc.double({ min: 0, max: 1, noNaN: true });
const node = fc.integer({ min: 0, max: 64 }).map((n) => n / 64);

describe.each([1, 2, 3])("the law of the first of two parts given the whole, with %i of W, H, K", (count) => {
  test.each(data.levy_conditional)("is the published one at $sr", (known) => {
    const { mean, root } = conditionalLaw(tensor(known.sr, { dtype: "float64" }), count);
    const expected = [known.W, known.WH, known.WHK][count - 1]!;
    const rows = root.map((row) => row.map((x) => x.itemSync()));
    expected.mean_matrix.forEach((row, i) =>
      row.forEach((value, j) => expect(mean[i]![j]?.itemSync() ?? 0).toBeCloseTo(value, 15)),
    );
    expected.cov.forEach((row, i) =>
      row.forEach((value, j) => {
        const found = rows[i]!.reduce((sum, x, k) => sum + x * (rows[j]![k] ?? 0), 0);
        expect(Math.abs(found - value)).toBeLessThan(2e-16);
      }),
    );
  });
});

describe.each(areas)("a path with Lévy area %s has the law of Brownian motion", (levyArea) => {
  const count = 100_000;
  const of = path({ levyArea, shape: [count] });
  const units = [1, 1 / 12, 1 / 720];
  // Nodes, times within the same smallest interval as a node, and others.
  const times = [0, 1 / 8, 0.3, 0.3001, 1 / Math.E, 5 / 8, 0.9, 1];
  const pieces = times
    .slice(1)
    .map((t, n) => parts(of, times[n]!, t).map((xs, m) => xs.map((x) => x / Math.sqrt((t - times[n]!) * units[m]!))));

  test("every increment is normal with its variance", () => {
    for (const piece of pieces)
      for (const samples of piece) if (samples.length > 0) expect(normalPValue(samples)).toBeGreaterThan(1e-3);
  });

  test("increments and areas are uncorrelated", () => {
    const all = pieces.flat().filter((samples) => samples.length > 0);
    for (let i = 0; i < all.length; i++)
      for (let j = 0; j < i; j++) expect(Math.abs(correlation(all[i]!, all[j]!))).toBeLessThan(4.5 / Math.sqrt(count));
  });

  test("a sum over pieces is normal too", () => {
    const [whole] = parts(of, 0.3, 0.9);
    expect(normalPValue(whole!.map((x) => x / Math.sqrt(0.6)))).toBeGreaterThan(1e-3);
  });
});

test("H and K are the integrals that they are defined by", () => {
  const of = path();
  const n = 1024;
  const [s, t] = [0.25, 0.75];
  const h = t - s;
  const [total, area, second] = parts(of, s, t);
  const at = Array.from({ length: n + 1 }, (_, i) => (i === 0 ? [0, 0] : parts(of, s, s + (h * i) / n)[0]!));
  for (const c of [0, 1]) {
    let [H, K] = [0, 0];
    at.forEach((w, i) => {
      const weight = (i === 0 || i === n ? 1 / 2 : 1) / n;
      const bridge = w[c]! - (i / n) * total![c]!;
      H += weight * bridge;
      K += weight * bridge * (1 / 2 - i / n);
    });
    expect(Math.abs(H - area![c]!)).toBeLessThan(2e-3);
    expect(Math.abs(K - second![c]!)).toBeLessThan(1e-3);
  }
});

describe.each(areas)("increments of one path with Lévy area %s", (levyArea) => {
  const of = path({ levyArea });

  test("add up by Chen's relation", () => {
    fc.assert(
      fc.property(fc.tuple(moment, moment, moment), (unsorted) => {
        const [s, t, u] = [...unsorted].sort((a, b) => a - b) as [number, number, number];
        const [a, b, whole] = [parts(of, s, t), parts(of, t, u), parts(of, s, u)];
        const [h1, h2, h] = [t - s, u - t, u - s];
        for (const c of [0, 1]) {
          const [w1, w2] = [a[0]![c]!, b[0]![c]!];
          expect(Math.abs(w1 + w2 - whole[0]![c]!)).toBeLessThan(1e-12);
          const across = h2 * w1 - h1 * w2;
          if (levyArea === "none") continue;
          const [k1, k2] = [h1 * a[1]![c]!, h2 * b[1]![c]!];
          expect(Math.abs(k1 + k2 + across / 2 - h * whole[1]![c]!)).toBeLessThan(1e-12);
          if (levyArea === "space-time") continue;
          const bars = h1 ** 2 * a[2]![c]! + h2 ** 2 * b[2]![c]! + (h2 * k1 - h1 * k2) / 2 + ((h2 - h1) * across) / 12;
          expect(Math.abs(bars - h ** 2 * whole[2]![c]!)).toBeLessThan(1e-12);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("turn round with their ends", () => {
    fc.assert(
      fc.property(moment, moment, (s, t) => {
        const [forth, back] = [parts(of, s, t), parts(of, t, s)];
        forth.forEach((xs, n) => xs.forEach((x, i) => expect(back[n]![i]! + (n === 1 ? -x : x)).toBeCloseTo(0, 300)));
      }),
      { numRuns: 20 },
    );
  });

  test("do not depend on what was asked before, nor on who asks", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(moment, moment), { minLength: 2, maxLength: 6 }), (queries) => {
        const first = queries.map(([s, t]) => parts(of, s, t));
        const again = [...queries].reverse().map(([s, t]) => parts(path({ levyArea }), s, t));
        expect(again.reverse()).toEqual(first);
      }),
      { numRuns: 10 },
    );
  });

  test("between nodes are the same for any tolerance, bit for bit", () => {
    fc.assert(
      fc.property(node, node, fc.integer({ min: 6, max: 28 }), (s, t, levels) => {
        expect(parts(path({ levyArea, tolerance: 2 ** -levels }), s, t)).toEqual(parts(of, s, t));
      }),
      { numRuns: 20 },
    );
  });

  test("are the same on js and wasm", () => {
    const on = (target: ReturnType<typeof js>): number[][] =>
      withTarget(target, () => [
        ...parts(path({ levyArea, tolerance: 1e-3 }), 0.1, 0.7),
        ...parts(path({ levyArea, tolerance: 1e-3 }), 0.25, 0.5),
      ]);
    const [a, b] = [on(js()), on(wasm())];
    a.forEach((xs, n) => xs.forEach((x, i) => expect(Math.abs(x - b[n]![i]!)).toBeLessThan(1e-15)));
  });

  test("of short intervals are precise", () => {
    const [s, t] = [0.7, 0.7 + 2 ** -19];
    const [a, b] = [parts(of, s, (s + t) / 2), parts(of, (s + t) / 2, t)];
    const whole = parts(of, s, t);
    const h = (t - s) / 2;
    expect(Math.abs(a[0]![0]! + b[0]![0]! - whole[0]![0]!)).toBeLessThan(1e-17);
    if (levyArea === "none") return;
    const joined = (a[1]![0]! + b[1]![0]!) / 2 + (a[0]![0]! - b[0]![0]!) / 4;
    expect(Math.abs(joined - whole[1]![0]!)).toBeLessThan(1e-13 * Math.sqrt(h) + 1e-15);
  });
});

test("vmap over keys and times gives what each gives alone", () => {
  const keys = random.split(random.key(3), 4);
  const at = tensor([0.1, 0.25, 0.5, 0.9], { dtype: "float64" });
  const one = (key: Tensor, t: Tensor): Tensor =>
    brownian({ key, t0: 0, t1: 2, shape: [3], levyArea: "space-time" }).increment(t, 1.1).H!;
  const many = vmap(one)(keys, at);
  for (let i = 0; i < 4; i++) {
    const alone = one(keys.slice([i, 0], [i + 1, 2]).reshape([2]), at.slice([i], [i + 1]).reshape([]));
    expect(numbers(many.slice([i, 0], [i + 1, 3]))).toEqual(numbers(alone));
  }
});

describe("brownian says what is wrong", () => {
  const key = random.key(0);
  const good = { key, t0: 0, t1: 1, shape: [2] };
  test.each<[Record<string, unknown>, string]>([
    [{ key: 3 }, "brownian: key is 3; give uint32 [2], as random.key(seed) makes"],
    [{ key: random.split(key) }, "brownian: key has shape [2, 2]; give one key of shape [2], and vmap over several"],
    [{ t1: 0 }, "brownian: t0 is 0 and t1 is 0; give finite times with t1 after t0"],
    [{ shape: 2 }, "brownian: shape is 2; give a list of axis lengths, [] for one component"],
    [{ levyArea: "H" }, `brownian: levyArea is "H"; give "none", "space-time" or "space-time-time"`],
    [{ tolerance: 2 }, "brownian: tolerance is 2 for a path of length 1; give one between"],
    [{ tolerance: 1e-12 }, "brownian: tolerance is 1e-12 for a path of length 1; give one between"],
    [{ dtype: "int32" }, `brownian: dtype is int32; give "float32" or "float64"`],
    [{ tolerence: 1 }, "brownian: unknown option tolerence; did you mean tolerance?"],
  ])("%o", (wrong, message) => {
    expect(() => brownian({ ...good, ...wrong })).toThrow(message);
  });

  test("outside the path", () => {
    expect(() => brownian(good).increment(0.5, 1.5)).toThrow(
      "brownian: t = 1.5 is outside the path's [0, 1]; ask within",
    );
    const program = vmap((t: Tensor) => brownian(good).increment(0, t).W)(tensor([0.5, 1.5], { dtype: "float64" }));
    expect(numbers(program).map(Number.isNaN)).toEqual([false, false, true, true]);
  });
});

import { grad, jvp, vmap } from "@dzdt/autograd";
import { checkGrads } from "@dzdt/autograd/testing";
import { compile, js, ops, random, tensor, type Tensor, trace, wasm, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  brownian,
  constant,
  eulerMaruyama,
  generalShark,
  heun,
  heunStratonovich,
  logOde,
  milstein,
  odeint,
  reversibleHeun,
  type Sde,
  sdeint,
  type SdeintOptions,
  shark,
  slowRk,
  sriw2,
  toIto,
  toStratonovich,
} from "../src/index";
import data from "./data/sde.json";
import { f64, last, numbers } from "./support/numbers";

const key = random.key(1);

const growth: Sde = { drift: (_t, y) => y.mul(0.3), diffusion: (_t, y) => y.mul(0.4) };
const coupled: Sde = {
  drift: (t, y) => y.mul(-0.5).add(t.sin()),
  diffusion: (_t, y) => ops.stack([y.cos(), y.flip(0).mul(0.3)], 1),
  noise: "general",
  calculus: "stratonovich",
};
const additive: Sde = { drift: (_t, y) => y.neg(), diffusion: (t) => ops.stack([t, t.cos()]), noise: "additive" };

describe("a solve", () => {
  test("is one loop of the program, however many steps there are", () => {
    const run = compile((y: Tensor, dt: Tensor) => sdeint(growth, y, [0, 0.5, 1], { key, dt }).ys);
    const [coarse, fine] = [0.5, 1e-3].map((dt) => run(f64([1]), f64(dt)));
    expect(coarse!.shape).toEqual([3, 1]);
    expect(Math.abs(numbers(last(coarse!))[0]! - numbers(last(fine!))[0]!)).toBeLessThan(0.2);
    for (const options of [{ key }, { key, dt: 1e-3 }]) {
      const type = { dtype: "float64", shape: [1] } as const;
      const { tape } = trace("solve", (y) => [sdeint(growth, y, [0, 0.5, 1], options).ys], [type]);
      expect(tape.nodes.filter(({ op }) => op.name === "loop")).toHaveLength(1);
    }
  });

  test("gives y0, the times and its work", () => {
    const { ts, ys, status, stats } = sdeint(growth, f64([1, 2]), [0, 0.25, 1], { key, dt: 0.1 });
    expect(numbers(ts)).toEqual([0, 0.25, 1]);
    expect(numbers(ys).slice(0, 2)).toEqual([1, 2]);
    expect(status.itemSync()).toBe(0);
    expect(stats.steps.itemSync()).toBe(3 + 8);
    expect(stats.evaluations.itemSync()).toBe(11);
    expect(numbers(sdeint(growth, f64([1, 2]), [3], { key }).ys)).toEqual([1, 2]);
  });

  test("keeps trees and dtypes", () => {
    const sde: Sde<{ a: Tensor; b: Tensor }> = {
      drift: (_t, { a, b }) => ({ a: a.neg(), b: b.mul(2) }),
      diffusion: () => ({ a: 0, b: [0, 0] }),
    };
    const flat: Sde<{ a: Tensor; b: Tensor }> = {
      ...sde,
      diffusion: (_t, { a, b }) => ({ a: a.mul(0.1), b: b.mul(0.2) }),
    };
    const { ys } = sdeint(flat, { a: f64(1), b: tensor([1, 2]) }, [0, 1], { key, dt: 0.1 });
    expect([ys.a.dtype, ys.a.shape, ys.b.dtype, ys.b.shape]).toEqual(["float64", [2], "float32", [2, 2]]);
  });

  test("without diffusion is odeint's, bit for bit", () => {
    const none: Sde = { drift: (t, y) => y.sin().add(t), diffusion: (_t, y) => y.mul(0), calculus: "stratonovich" };
    const found = sdeint(none, f64([1, 2]), [0, 1], { key, dt: 1 / 16, solver: heunStratonovich });
    const ode = odeint((t, y) => y.sin().add(t), f64([1, 2]), [0, 1], {
      solver: heun,
      controller: constant({ dt: 1 / 16 }),
    });
    numbers(found.ys).forEach((x, i) => expect(Math.abs(x - numbers(ode.ys)[i]!)).toBeLessThan(1e-15));
  });

  test("with constant diffusion and no drift is y0 + g W", () => {
    const walk: Sde = { drift: (_t, y) => y.mul(0), diffusion: (_t, y) => y.mul(0).add(2) };
    const path = brownian({ key, t0: 0, t1: 1, shape: [3] });
    const found = numbers(last(sdeint(walk, f64([1, 2, 3]), [0, 1], { path, dt: 0.01 }).ys));
    const w = numbers(path.increment(0, 1).W);
    found.forEach((x, i) => expect(x).toBeCloseTo(1 + i + 2 * w[i]!, 12));
  });

  test("composes: [0, 1] and then [1, 2] on one path is [0, 2], bit for bit", () => {
    fc.assert(
      fc.property(fc.integer({ min: -8, max: 8 }), fc.constantFrom(1 / 4, 1 / 8), fc.nat(1000), (a, dt, seed) => {
        const path = brownian({ key: random.key(seed), t0: 0, t1: 2, shape: [1], levyArea: "space-time" });
        for (const solver of [milstein, sriw2]) {
          const options = { path, dt, solver };
          const half = last(sdeint(growth, f64([a / 4]), [0, 1], options).ys);
          const twice = last(sdeint(growth, half, [1, 2], options).ys);
          expect(numbers(twice)).toEqual(numbers(last(sdeint(growth, f64([a / 4]), [0, 2], options).ys)));
        }
      }),
      { numRuns: 5 },
    );
  });

  test("approaches one path as steps shrink, with the same key", () => {
    const at = (dt: number): number =>
      numbers(last(sdeint(growth, f64([1]), [0, 1], { key, dt, solver: sriw2 }).ys))[0]!;
    expect(Math.abs(at(1 / 100) - at(1 / 777))).toBeLessThan(3e-3);
  });

  test("is the same on js and wasm", () => {
    for (const [sde, solver] of [
      [growth, milstein],
      [coupled, logOde],
      [additive, shark],
      [coupled, reversibleHeun],
    ] as const) {
      const on = (target: ReturnType<typeof js>): number[] =>
        withTarget(target, () =>
          numbers(sdeint(sde, f64([0.5, -0.25]), [0, 1], { key: random.key(4), dt: 1 / 4, solver }).ys),
        );
      const [a, b] = [on(js()), on(wasm())];
      a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThan(1e-14));
    }
  });

  test("under vmap over keys is each alone", () => {
    const keys = random.split(random.key(9), 3);
    const one = (k: Tensor): Tensor =>
      sdeint(coupled, f64([0.5, 1]), [0, 1], { key: k, dt: 0.1, solver: generalShark }).ys;
    const many = vmap(one)(keys);
    for (let i = 0; i < 3; i++) {
      const alone = numbers(one(keys.slice([i, 0], [i + 1, 2]).reshape([2])));
      numbers(many.slice([i, 0, 0], [i + 1, 2, 2])).forEach((x, j) =>
        expect(Math.abs(x - alone[j]!)).toBeLessThan(1e-14),
      );
    }
  });
});

describe("gradients", () => {
  const { mu, sigma, y0, exact } = data.gbm;

  test("of geometric Brownian motion approach the closed form along the path", () => {
    const path = brownian({ key, t0: 0, t1: 0.5, shape: [], levyArea: "space-time" });
    const w = path.increment(0, 0.5).W.itemSync();
    const end = (m: Tensor, s: Tensor, y: Tensor): Tensor =>
      last(
        sdeint({ drift: (_t, x) => x.mul(m), diffusion: (_t, x) => x.mul(s), noise: "scalar" }, y, [0, 0.5], {
          path,
          solver: sriw2,
          dt: 1 / 1024,
        }).ys,
      );
    const y = y0 * Math.exp((mu - sigma ** 2 / 2) * 0.5 + sigma * w);
    const [dmu, dsigma, dy0] = grad(end, [0, 1, 2])(f64(mu), f64(sigma), f64(y0)).map((x) => x.itemSync());
    expect(dmu).toBeCloseTo(0.5 * y, 3);
    expect(dsigma).toBeCloseTo((w - sigma * 0.5) * y, 3);
    expect(dy0).toBeCloseTo(y / y0, 3);
  });

  test("of the exact solution at given W are the reference's", () => {
    for (const row of exact) {
      const end = (m: Tensor, s: Tensor): Tensor => m.sub(s.mul(s).mul(0.5)).mul(row.t).add(s.mul(row.W)).exp().mul(y0);
      const [dmu, dsigma] = grad(end, [0, 1])(f64(mu), f64(sigma)).map((x) => x.itemSync());
      expect(Math.abs(dmu! - row.d_ito_dmu)).toBeLessThan(1e-12);
      expect(Math.abs(dsigma! - row.d_ito_dsigma)).toBeLessThan(1e-12);
    }
  });

  test.each([
    ["milstein", growth, milstein],
    ["sriw2", growth, sriw2],
    ["shark", additive, shark],
    ["logOde", coupled, logOde],
    ["reversibleHeun", coupled, reversibleHeun],
    ["slowRk", coupled, slowRk],
  ] as const)("of %s agree with differences, in both modes", (_name, sde, solver) => {
    const loss = (y: Tensor): Tensor => sdeint(sde, y, [0, 0.3, 0.5], { key, dt: 0.1, solver }).ys.square().sum();
    checkGrads(loss, [f64([0.5, -0.3])], { order: 1 });
  });

  test("with respect to args and what the fields close over", () => {
    const rate = f64(0.4);
    const loss = (theta: Tensor, closed: Tensor): Tensor =>
      last(
        sdeint({ drift: (_t, y, a: Tensor) => y.mul(a), diffusion: (_t, y) => y.mul(closed) }, f64([1, 2]), [0, 1], {
          key,
          dt: 0.25,
          args: theta,
          solver: eulerMaruyama,
        }).ys,
      ).sum();
    checkGrads(loss, [f64(0.2), rate], { order: 2 });
  });

  test("with respect to times are refused", () => {
    const path = brownian({ key, t0: 0, t1: 2, shape: [1] });
    const loss = (ts: Tensor): Tensor => sdeint(growth, f64([1]), ts, { path, dt: 0.25 }).ys.sum();
    const message = "sdeint: a Brownian path has no derivative in time";
    expect(() => grad(loss)(f64([0, 1]))).toThrow(message);
    expect(() => jvp(loss, [f64([0, 1])], [f64([0, 1])])).toThrow(message);
    expect(loss(f64([0, 1])).shape).toEqual([]);
  });
});

describe("Itô and Stratonovich", () => {
  test("conversions are inverse, and move geometric Brownian motion's drift by sigma² / 2", () => {
    const strat = toStratonovich(growth);
    expect(strat.calculus).toBe("stratonovich");
    const at = (sde: Sde): number[] => numbers(sde.drift(f64(0), f64([1, 2]), undefined) as Tensor);
    at(strat).forEach((x, i) => expect(x).toBeCloseTo((1 + i) * (0.3 - 0.08), 14));
    at(toIto(strat)).forEach((x, i) => expect(x).toBeCloseTo((1 + i) * 0.3, 14));
    expect(toIto(growth)).toBe(growth);
  });

  test.each([
    ["diagonal", { drift: (_t, y) => y.neg(), diffusion: (_t, y) => y.sin().add(1) }],
    ["scalar", { drift: (_t, y) => y.neg(), diffusion: (_t, y) => y.flip(0).sin().add(1), noise: "scalar" }],
    [
      "general",
      {
        drift: (_t, y) => y.neg(),
        diffusion: (_t, y) => ops.stack([y.sin(), y.flip(0)], 1).mul(0.3),
        noise: "general",
      },
    ],
  ] as const satisfies readonly (readonly [string, Sde])[])(
    "both ways of solving one equation with %s noise meet",
    (_name, ito) => {
      const path = brownian({
        key,
        t0: 0,
        t1: 1,
        shape: ito === undefined ? [] : shapeOf(ito),
        levyArea: "space-time",
      });
      const run = (sde: Sde, solver: SdeintOptions["solver"], dt: number): number[] =>
        numbers(last(sdeint(sde, f64([0.5, 1]), [0, 1], { path, dt, ...(solver && { solver }) }).ys));
      const gap = (dt: number): number => {
        const [a, b] = [run(ito, eulerMaruyama, dt), run(toStratonovich<Tensor, undefined>(ito), heunStratonovich, dt)];
        return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
      };
      expect(gap(2 ** -11)).toBeLessThan(0.06);
    },
  );

  const shapeOf = (sde: Sde): number[] => (sde.noise === "scalar" ? [] : [2]);
});

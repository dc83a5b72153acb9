import { grad, vmap } from "@dzdt/autograd";
import { dopri5, eulerMaruyama, event, odeint, pid, sdeint } from "@dzdt/odeint";
import { compile, random, type Target, type Tensor, tensor, wasm, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { agrees, both, brief, expectNear, type F, layer, network, normal, square, weights } from "./webgpu-rows";
import { gpu } from "./webgpu-target";

const own = { ...brief, batch: "independent" as const };

describe("each trajectory has a workgroup, and steps of its own", { timeout: 180_000 }, () => {
  test("64 through a network of 50 units", async () => {
    const run: F = (y0, ...p) => {
      const options = { ...own, solver: dopri5, controller: pid({ rtol: 1e-5, atol: 1e-6 }) };
      const { ys, stats } = odeint((_t, y: Tensor) => network(y, p), y0, [0, 0.3, 1], options);
      return [ys, stats.accepted];
    };
    const { found, expected } = await both(run, () => [normal(9, 64, 2).mul(5), ...weights(2, 50, 2)], 64);
    expectNear(found[0]!, expected[0]!, 1e-4);
    // Where the last step all but ends at the end, rounding may ask for one more.
    expect(found[1]!.filter((n, i) => n !== expected[1]![i]).length).toBeLessThan(3);
    expect(new Set(found[1]).size).toBeGreaterThan(3);
  });

  test("where a solve is mapped", async () => {
    const run: F = (y0, ...p) => vmap((y: Tensor) => odeint((_t, y: Tensor) => layer(y, p), y, [0, 1], brief).ys)(y0);
    await agrees(run, () => [normal(9, 8, 40).mul(2), square(40)], 8, 1e-4);
  });

  test("one alone is a chain of dispatches, there and back, as without vmap", async () => {
    const target = await gpu();
    const solve: F = (y0, ...p) =>
      vmap((y: Tensor) => odeint((_t, y: Tensor) => layer(y, p), y, [0, 1], { ...brief, maxSteps: 100_000 }).ys)(y0);
    const gradient: F = (y0, ...p) => grad((y0: Tensor) => (solve(y0, ...p) as Tensor).sum())(y0);
    for (const run of [solve, gradient]) {
      const text = withTarget(target, () =>
        compile((...xs: Tensor[]) => run(...xs)).inspect(normal(9, 1, 70), square(70)),
      );
      expect(text).toMatch(/goes on, by \d+ together: 1 workgroups, \d+ times/);
      expect(text).not.toMatch(/(loop|scan) by \d+ together/);
    }
  });

  test("until an event of each", async () => {
    const far = event((_t: Tensor, y: Tensor) => y.square().sum().sub(4), { terminal: true });
    const run: F = (y0, ...p) => {
      const { events } = odeint((_t, y: Tensor) => network(y, p).mul(0.2).add(y), y0, [0, 2], {
        ...own,
        events: [far],
        maxEvents: 1,
      });
      return [events[0]!.t, events[0]!.y];
    };
    await agrees(run, () => [normal(9, 6, 2).mul(0.1).add(0.8), ...weights(2, 33, 2)], 6, 1e-3);
  });

  test.each([[[0, 0.5]], [[0, 0.2, 0.5]]])("with random increments of its own, at times %j", async (times) => {
    const run: F = (keys, ...p) =>
      vmap((key: Tensor) => {
        const drift = (_t: Tensor, y: Tensor): Tensor => layer(y, p);
        const diffusion = (_t: Tensor, y: Tensor): Tensor => y.mul(0).add(0.3);
        const y0 = p[0]!.slice([0], [1]).reshape([40]);
        return sdeint({ drift, diffusion }, y0, times, { key, solver: eulerMaruyama, dt: 0.05 }).ys;
      })(keys);
    await agrees(run, () => [random.split(random.key(1), 6), square(40)], 6, 1e-4);
  });

  test("and fails alone", async () => {
    const run = (y0: Tensor, ...p: Tensor[]): Tensor[] => {
      const field = (_t: Tensor, y: Tensor): Tensor => network(y, p).mul(0.1).add(y.mul(y).mul(y));
      const { ys, status } = odeint(field, y0, [0, 1], { ...own, maxSteps: 30, throw: false });
      return [ys.slice([1], [2]), status.cast("float32")];
    };
    const inputs = (): Tensor[] => [
      tensor(
        [
          [0.1, 0.2],
          [9, 9],
          [0.3, 0.1],
        ],
        { dtype: "float32" },
      ),
      ...weights(2, 36, 2),
    ];
    const on = async (where: Target): Promise<number[][]> => {
      const found = withTarget(where, () => compile((...xs: Tensor[]) => run(...(xs as [Tensor])))(...inputs()));
      return Promise.all(found.map(async (x) => Array.from(await x.data())));
    };
    const [[ys, status], [expected, statuses]] = [await on(await gpu()), await on(wasm())];
    expect(status).toEqual(statuses);
    expect(status![0]).toBe(0);
    expect(status![1]).not.toBe(0);
    ys!.forEach((y, i) => (Math.floor(i / 2) === 1 ? expect(y).toBeNaN() : expect(y).toBeCloseTo(expected![i]!, 4)));
  });
});

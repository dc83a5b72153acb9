import { grad } from "@dzdt/autograd";
import {
  backsolve,
  constant,
  event,
  forwardSensitivity,
  interpolating,
  odeint,
  type OdeintOptions,
  pid,
  reversible,
  reversibleHeun,
  rk4,
  tsit5,
} from "@dzdt/odeint";
import { concat, neg, type Tensor, tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { gpu } from "./webgpu-target";

const spring = (_t: Tensor, y: Tensor): Tensor => concat([y.slice([1], [2]), neg(y.slice([0], [1]))]);

/** How far states of a spring are on the device from what float64 says they are, for times from t0 on. */
async function apart(t0: number, after: readonly number[], options: OdeintOptions): Promise<number> {
  const ts = [t0, ...after.map((t) => t0 + t)];
  const target = await gpu();
  const { ys } = odeint(spring, tensor([1, 0], { dtype: "float32", target }), ts, { maxSteps: 200_000, ...options });
  const found = await ys.data();
  const expected = ts.flatMap((t) => [Math.cos(t - t0), -Math.sin(t - t0)]);
  return Math.max(...expected.map((x, i) => Math.abs(x - found[i]!)));
}

const small = pid({ rtol: 1e-3, atol: 1e-4, dtMax: 0.01 });

describe("times have more digits than a float32", () => {
  // Each sum with a float32 as large as 1000 would be off by up to 3e-5.
  test.each([
    ["chosen by their errors", { solver: tsit5, controller: small }],
    ["of one length", { solver: rk4, controller: constant({ dt: 0.01 }) }],
  ])("100,000 steps %s end when they should", async (_name, options) => {
    const few = await apart(0, [100], options);
    const many = await apart(0, [1000], options);
    expect(few).toBeLessThan(2e-5);
    expect(many).toBeLessThan(2e-4);
  });

  // A float32 as large as 10⁶ is a multiple of 1/16.
  test.each([
    ["chosen by their errors", { controller: small }],
    ["of one length", { solver: rk4, controller: constant({ dt: 0.01 }) }],
    ["of other lengths", { solver: rk4, controller: constant({ dt: 0.0173 }) }],
  ])("steps %s, shorter than a float32 of the time can tell", async (_name, options) => {
    expect(await apart(1e6, [1], options)).toBeLessThan(1e-6);
    expect(await apart(1e6, [0.013, 0.3, 0.71], options), "with outputs between").toBeLessThan(1e-6);
    expect(await apart(-1e6, [-0.3, -0.71, -1], options), "backwards").toBeLessThan(1e-6);
  });

  test("steps from one time to the next", async () => {
    const times = Array.from({ length: 40 }, (_, i) => (i + 1) * 0.01);
    expect(await apart(1e6, times, { solver: rk4, controller: constant() })).toBeLessThan(1e-6);
  });

  test("any time is asked for in all of its digits, in any order", async () => {
    const target = await gpu();
    const { at } = odeint(spring, tensor([1, 0], { dtype: "float32", target }), [1e6, 1e6 + 1], {
      controller: small,
      dense: true,
    });
    const asked = [0.51, 0.017, 0.333, 0.49];
    const found = await at(asked.map((t) => 1e6 + t)).data();
    asked.forEach((t, i) => expect(Math.abs(found[2 * i]! - Math.cos(t))).toBeLessThan(1e-6));
  });

  test("events between times that are one float32", async () => {
    const target = await gpu();
    const passing = event((_t: Tensor, y: Tensor) => y.slice([0], [1]).reshape([]).sub(Math.cos(0.495)), {
      terminal: false,
    });
    const ts = [1e6, 1e6 + 1];
    const { events, ys } = odeint(spring, tensor([1, 0], { dtype: "float32", target }), ts, {
      events: [passing],
      controller: small,
    });
    expect(await events[0]!.count.item()).toBe(1);
    const [t, y] = [await events[0]!.t.data(), await events[0]!.y.data()];
    expect(Math.abs(t[0]! - 1e6 - 0.495)).toBeLessThanOrEqual(1 / 32);
    expect(Math.abs(y[0]! - Math.cos(0.495))).toBeLessThan(0.01);
    expect(Math.abs((await ys.data())[2]! - Math.cos(1))).toBeLessThan(1e-6);
  });

  const short = constant({ dt: 0.01 });
  test.each<[string, OdeintOptions]>([
    ["discretize", { controller: small }],
    ["backsolve", { controller: small, adjoint: backsolve() }],
    ["backsolve, with steps of one length", { solver: rk4, controller: short, adjoint: backsolve() }],
    ["interpolating", { controller: small, adjoint: interpolating() }],
    ["interpolating, with steps of one length", { solver: rk4, controller: short, adjoint: interpolating() }],
    ["forwardSensitivity", { controller: small, adjoint: forwardSensitivity() }],
    ["reversible", { solver: reversibleHeun, controller: short, adjoint: reversible() }],
  ])("gradients by %s", { timeout: 120_000 }, async (_name, options) => {
    const target = await gpu();
    const after = [0.013, 0.3, 1];
    const end = (y: Tensor): Tensor =>
      odeint(spring, y, [1e6, ...after.map((t) => 1e6 + t)], { maxSteps: 400, ...options }).ys.sum();
    const found = await grad(end)(tensor([1, 0], { dtype: "float32", target })).data();
    const sum = (f: (t: number) => number): number => [0, ...after].reduce((total, t) => total + f(t), 0);
    const expected = [sum((t) => Math.cos(t) - Math.sin(t)), sum((t) => Math.cos(t) + Math.sin(t))];
    expected.forEach((x, i) => expect(Math.abs(x - found[i]!)).toBeLessThan(1e-4));
  });
});

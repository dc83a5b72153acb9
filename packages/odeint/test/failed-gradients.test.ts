import { grad, vmap } from "@dzdt/autograd";
import { type Tensor, where } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { backsolve, forwardSensitivity, interpolating, odeint, type OdeintOptions, rk4, Status } from "../src/index";
import { close, f64, numbers } from "./support/numbers";

/** 1/(1 − k t), which ends at t = 1/k. */
const blowUp = (_t: Tensor, y: Tensor, k: Tensor): Tensor => y.square().mul(k);
const strengths = [0.1, 1, 0.2];
const t1 = 4;

/** Losses of the trajectories that succeed, and the others' left out. */
const masked =
  (options: OdeintOptions<Tensor>) =>
  (k: Tensor): Tensor => {
    const each = vmap((k: Tensor) => {
      const { ys, status } = odeint(blowUp, f64(1), [0, 0.5, t1], { ...options, throw: false, args: k });
      return where(status.equal(Status.success), ys.sum(), 0);
    });
    return each(k).sum();
  };

describe("gradients of solves that may fail", () => {
  test("leave out what ran out of steps, where the loss does", () => {
    const rates = f64([1, 1e5, 2]);
    const loss = (k: Tensor): Tensor => {
      const each = vmap((k: Tensor) => {
        const decay = (_t: Tensor, y: Tensor): Tensor => y.mul(k).neg();
        const { ys, status } = odeint(decay, f64(1), [0, 1], { maxSteps: 200, rtol: 1e-8, atol: 1e-10, throw: false });
        return where(status.equal(Status.success), ys.sum(), 0);
      });
      return each(k).sum();
    };
    close(grad(loss)(rates), [-Math.exp(-1), 0, -Math.exp(-2)], 1e-7);
  });

  test("are those of what was reached; what was not is a constant", () => {
    const loss = (k: Tensor): Tensor =>
      odeint((_t, y: Tensor) => y.mul(k).neg(), f64(1), [0, 0.5, 1e4], { maxSteps: 50, throw: false }).ys.sum();
    expect(loss(f64(1)).itemSync()).toBeNaN();
    close(grad(loss)(f64(1)), [-0.5 * Math.exp(-0.5)], 1e-5);
  });

  test.each<[string, OdeintOptions<Tensor>]>([
    ["interpolating", { adjoint: interpolating() }],
    ["backsolve", { adjoint: backsolve() }],
    ["forwardSensitivity", { adjoint: forwardSensitivity() }],
    ["steps of one length", { solver: rk4, dt0: 0.1 }],
  ])("are NaN for those that fail, with %s, and only for those", (_, options) => {
    const found = numbers(grad(masked(options))(f64(strengths)));
    expect(found.map(Number.isNaN)).toEqual([false, true, false]);
  });
});

import { tensor, type Tensor, where } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { odeint, pid } from "../src/index";
import { close, f64, numbers } from "./support/numbers";

describe("steps that end where they are told to", () => {
  const kinked = (jump: number) => (t: Tensor, y: Tensor) => y.mul(0).add(where(t.less(jump), 1, -2));
  const decay = (t: Tensor, y: Tensor): Tensor => y.neg().add(t.sin());

  test("and land on both sides of a jump", () => {
    for (const dtype of ["float64", "float32"] as const) {
      const y0 = tensor(0, { dtype });
      const smooth = { rtol: 1e-6, atol: 1e-8 };
      const through = odeint(kinked(0.7), y0, [0, 2], { controller: pid(smooth) });
      const landed = odeint(kinked(0.7), y0, [0, 2], { controller: pid({ ...smooth, jumpTs: [0.7] }) });
      close(landed.ys.slice([1], [2]), [0.7 - 2 * 1.3], dtype === "float64" ? 1e-13 : 1e-6);
      expect(landed.stats.rejected.itemSync()).toBe(0);
      expect(through.stats.rejected.itemSync()).toBeGreaterThan(0);
    }
  });

  test("for jumps and stops anywhere, in any order, at the cost of an error below the tolerance", () => {
    const times = fc.array(fc.double({ min: -1, max: 4, noNaN: true }), { maxLength: 4 });
    fc.assert(
      fc.property(times, times, (stepTs, jumpTs) => {
        const plain = odeint(decay, f64([1, 2]), [0, 1, 3], { rtol: 1e-8, atol: 1e-8 });
        const cut = odeint(decay, f64([1, 2]), [0, 1, 3], {
          controller: pid({ rtol: 1e-8, atol: 1e-8, stepTs, jumpTs: f64([...jumpTs, 3, 0]) }),
        });
        close(cut.ys, numbers(plain.ys), 1e-7);
        const inside = new Set(stepTs.filter((t) => t > 1e-6 && t < 3 - 1e-6));
        expect(cut.stats.accepted.itemSync()).toBeGreaterThanOrEqual(inside.size);
      }),
      { numRuns: 12 },
    );
  });

  test("to the bit: the state there is that of a solve to there", () => {
    const stop = 1.234567;
    const cut = odeint(decay, f64([1]), [0, stop, 3], { controller: pid({ stepTs: [stop] }) });
    const alone = odeint(decay, f64([1]), [0, stop]);
    expect(numbers(cut.ys)[1]).toBe(numbers(alone.ys)[1]);
  });

  test("have no influence on steps from then on", () => {
    const many = Array.from({ length: 4 }, (_, i) => 1 + i * 1e-6);
    const plain = odeint(decay, f64([1]), [0, 10]).stats.steps.itemSync();
    const cut = odeint(decay, f64([1]), [0, 10], { controller: pid({ stepTs: many }) }).stats.steps.itemSync();
    expect(cut).toBeLessThanOrEqual(plain + 8);
  });
});

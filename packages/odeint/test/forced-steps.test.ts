import { grad, vmap } from "@dzdt/autograd";
import { compile, js, type Tensor, wasm, where, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  bdf,
  bosh3,
  constant,
  gustafsson,
  odeint,
  odex,
  pid,
  radau5,
  Status,
} from "../src/index";
import { close, f64, numbers } from "./support/numbers";

describe("steps of dtMin that are forced", () => {
  const relaxing = (t: Tensor, y: Tensor): Tensor => t.cos().sub(y).mul(8);
  const strict = { rtol: 1e-15, atol: 1e-15 };
  const forced = (dtMin: number, more = {}) => pid({ ...strict, dtMin, forceDtMin: true, ...more });

  test("are the steps of that length, whatever their errors: those of `constant`", () => {
    fc.assert(
      fc.property(fc.constantFrom(0.125, 0.0625, 0.03125), fc.constantFrom(1, -1), (dt, direction) => {
        const ts = [0, direction * 0.5, direction];
        const plain = odeint(relaxing, f64([1, -2]), ts, { solver: bosh3, controller: constant({ dt }) });
        const { ys, stats } = odeint(relaxing, f64([1, -2]), ts, { solver: bosh3, controller: forced(dt) });
        expect(stats.accepted.itemSync()).toBe(1 / dt);
        expect(stats.rejected.itemSync()).toBe(0);
        const size = Math.max(...numbers(plain.ys).map(Math.abs));
        close(ys, numbers(plain.ys), 1e-13 * size);
      }),
      { numRuns: 6 },
    );
  });

  test("get across a singularity at which a solve ends otherwise", () => {
    // ∫ |t − 0.3|^(−1/2) dt, which is infinite at a time that no step asks for.
    const field = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(t.sub(0.3).abs().pow(-0.5));
    const exact = 2 * (Math.sqrt(0.3) + Math.sqrt(0.7));
    const solve = (forceDtMin: boolean) =>
      odeint(field, f64(0), [0, 1], { controller: pid({ rtol: 1e-9, atol: 1e-9, dtMin: 1.1e-5, forceDtMin }) });
    expect(() => solve(false)).toThrow("stepUnderflow");
    close(solve(true).ys.slice([1], [2]), [exact], 0.05);
  });

  test("are shorter only to end where they are told to", () => {
    const lengths: number[] = [];
    const controller = forced(0.25, { stepTs: [0.3] });
    const { ts } = odeint(relaxing, f64(1), [0, 1.1], {
      solver: bosh3,
      controller,
      onStep: ({ h }) => void lengths.push(h),
    });
    expect(ts.shape).toEqual([2]);
    close(lengths, [0.25, 0.05, 0.25, 0.25, 0.25, 0.05], 1e-12);
  });

  test("change nothing where tolerances allow longer ones", () => {
    const plain = odeint(relaxing, f64(1), [0, 2]);
    const bounded = odeint(relaxing, f64(1), [0, 2], { controller: pid({ dtMin: 1e-6, forceDtMin: true }) });
    expect(numbers(bounded.ys)).toEqual(numbers(plain.ys));
  });

  test("are rejected like others while they are longer than dtMin", () => {
    const kinked = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(where(t.less(0.7), 1, -2));
    const controller = pid({ rtol: 1e-9, atol: 1e-9, dtMin: 1e-3, forceDtMin: true });
    const { ys, stats } = odeint(kinked, f64(0), [0, 2], { controller });
    close(ys.slice([1], [2]), [0.7 - 2 * 1.3], 3e-3);
    expect(stats.rejected.itemSync()).toBeGreaterThan(0);
  });

  test("fail with nonFinite where their results are not finite", () => {
    const blowUp = (_t: Tensor, y: Tensor): Tensor => y.mul(y);
    const controller = pid({ dtMin: 1e-3, forceDtMin: true });
    const { status, ys } = odeint(blowUp, f64(1), [0, 2], { controller, throw: false });
    expect(status.itemSync()).toBe(Status.nonFinite);
    expect(numbers(ys)).toEqual([1, NaN]);
    expect(() => odeint(blowUp, f64(1), [0, 2], { controller })).toThrow(/^odeint: nonFinite at t = 1\.0/);
  });

  test.each([radau5, bdf, odex, adamsBashforthMoulton])("are taken by $name, and by gustafsson", (solver) => {
    for (const controller of [forced(0.125), gustafsson({ ...strict, dtMin: 0.125, forceDtMin: true })]) {
      const { ys, stats } = odeint((_t, y: Tensor) => y.neg(), f64(1), [0, 1], { solver, controller });
      close(ys.slice([1], [2]), [Math.exp(-1)], 0.02);
      // Some are so precise that they may be longer.
      expect(stats.accepted.itemSync()).toBeLessThanOrEqual(8);
    }
  });

  test("compile, batch, differentiate, and agree on all targets", () => {
    const run = (y0: Tensor): Tensor => odeint(relaxing, y0, [0, 1], { solver: bosh3, controller: forced(0.0625) }).ys;
    const plain = odeint(relaxing, f64(3), [0, 1], { solver: bosh3, controller: constant({ dt: 0.0625 }) }).ys;
    for (const target of [js(), wasm()]) {
      const found = withTarget(target, () => compile(run)(f64(3)));
      close(found, numbers(plain), 1e-13);
    }
    close(vmap(run)(f64([3, 3])), [...numbers(plain), ...numbers(plain)], 1e-13);
    const independent = odeint(relaxing, f64([3, 1]), [0, 1], {
      solver: bosh3,
      controller: forced(0.0625),
      batch: "independent",
    });
    expect(numbers(independent.stats.accepted)).toEqual([16, 16]);
    const end = (y0: Tensor): Tensor => run(y0).slice([1], [2]).sum();
    const fixed = (y0: Tensor): Tensor =>
      odeint(relaxing, y0, [0, 1], { solver: bosh3, controller: constant({ dt: 0.0625 }) })
        .ys.slice([1], [2])
        .sum();
    close(grad(end)(f64(3)), numbers(grad(fixed)(f64(3))), 1e-13);
  });

  test("need a dtMin", () => {
    expect(() => pid({ forceDtMin: true })).toThrow("pid: forceDtMin is true and dtMin is 0; give the dtMin");
    expect(() => gustafsson({ forceDtMin: true })).toThrow("gustafsson: forceDtMin is true and dtMin is 0");
    expect(() => pid({ dtMin: 1, forceDtMin: 1 as never })).toThrow("pid: forceDtMin is 1; give true or false");
  });
});

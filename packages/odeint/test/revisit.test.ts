import { grad, vmap } from "@dzdt/autograd";
import { compile, js, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type AdaptiveController,
  backsolve,
  bosh3,
  cdeint,
  event,
  interpolating,
  linearPath,
  odeint,
  type OdeintOptions,
  pid,
  tsit5,
} from "../src/index";
import { close, f64, numbers } from "./support/numbers";

/** Bursts of fast forcing. */
const bursts = (rate: number) => (t: Tensor, y: Tensor) =>
  t.mul(rate).cos().mul(t.mul(2).sin().mul(8).exp()).mul(0.01).sub(y);

/** Accepted steps: end, length, and how many attempts were rejected before. */
function steps(
  field: (t: Tensor, y: Tensor) => Tensor,
  ts: readonly number[],
  options: OdeintOptions,
): { t: number; h: number; rejected: number }[] {
  const found: { t: number; h: number; rejected: number }[] = [];
  let before = 0;
  odeint(field, f64([1]), [...ts], {
    ...options,
    onStep: ({ t, h, rejected }) => {
      found.push({ t, h, rejected: rejected - before });
      before = rejected;
    },
  });
  return found;
}

/** Steps that halve and double, so that times are exact. */
const dyadic = (storeRejected: number): AdaptiveController => ({
  kind: "adaptive",
  rtol: undefined,
  atol: undefined,
  dtMin: 0,
  dtMax: Infinity,
  norm: "rms",
  storeRejected,
  init: () => [],
  adapt: (_state, ratio) => {
    const accept = ratio.lessEqual(1);
    const quiet = accept.and(ratio.less(0.01));
    const one = ratio.mul(0).add(1).maximum(1);
    return { accept, factor: one.mul(quiet.cast("float64").mul(1.5).add(0.5)), state: [] };
  },
});

describe("times that were tried and rejected", () => {
  test("are visited, each of them", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 5, max: 80, noNaN: true }),
        fc.constantFrom(1e-3, 1e-5),
        fc.boolean(),
        (rate, rtol, back) => {
          const sign = back ? -1 : 1;
          const found = steps((t, y) => bursts(rate)(t.mul(sign), y), [0, 8 * sign], {
            solver: bosh3,
            rtol,
            atol: rtol,
            dt0: 1,
            controller: dyadic(64),
          });
          const ends = new Set(found.map(({ t }) => t));
          const tried = found.flatMap(({ t, h, rejected }) =>
            Array.from({ length: rejected }, (_, j) => t - h + h * 2 ** (j + 1)),
          );
          expect(tried.length).toBeGreaterThan(0);
          expect(tried.filter((t) => !ends.has(t))).toEqual([]);
        },
      ),
      { numRuns: 10 },
    );
  });

  test("with pid too, and without the option they need not be", () => {
    const ends = (storeRejected: object): number[] =>
      steps(bursts(40), [0, 10], { dt0: 3, controller: pid(storeRejected) }).map(({ t }) => t);
    expect(ends({})).not.toContain(3);
    expect(ends({ storeRejected: 32 })).toContain(3);
  });

  test("change the solution by less than the tolerance, and take few steps more", () => {
    fc.assert(
      fc.property(fc.double({ min: 5, max: 80, noNaN: true }), (rate) => {
        const options = { rtol: 1e-8, atol: 1e-8, dt0: 1 };
        const run = (controller: AdaptiveController) =>
          odeint(bursts(rate), f64([1]), [0, 1, 10], { ...options, controller });
        const [plain, visiting] = [run(pid()), run(pid({ storeRejected: 32 }))];
        close(visiting.ys, numbers(plain.ys), 1e-6);
        const [a, b] = [plain, visiting].map(({ stats }) => stats.steps.itemSync());
        expect(b).toBeLessThan(1.3 * a! + 10);
      }),
      { numRuns: 10 },
    );
  });

  test("where there is none, change nothing, bit for bit", () => {
    const run = (controller: AdaptiveController): number[] => {
      const solved = odeint((_t, y: Tensor) => y.neg(), f64([1, 2]), [0, 0.5, 2], { controller, dt0: 0.01 });
      expect(solved.stats.rejected.itemSync()).toBe(0);
      return numbers(solved.ys);
    };
    expect(run(pid({ storeRejected: 4 }))).toEqual(run(pid()));
  });

  test("have gradients, compile and batch, with stops and events beside them, and on js", () => {
    const controller = pid({ storeRejected: 16, stepTs: [0.7] });
    const loss =
      (more: OdeintOptions<Tensor>) =>
      (a: Tensor): Tensor =>
        odeint((t: Tensor, y: Tensor, k: Tensor) => bursts(30)(t, y).mul(k), f64([1]), [0, 2, 4], {
          args: a,
          controller,
          rtol: 1e-8,
          atol: 1e-8,
          dt0: 2,
          ...more,
        }).ys.sum();
    const a = f64(0.5);
    const one = grad(loss({}))(a).itemSync();
    const near = (loss({})(f64(0.501)).itemSync() - loss({})(f64(0.499)).itemSync()) / 0.002;
    expect(one).toBeCloseTo(near, 5);
    expect(compile(grad(loss({})))(a).itemSync()).toBeCloseTo(one, 12);
    expect(numbers(vmap(grad(loss({})))(f64([0.5, 0.9])))[0]).toBeCloseTo(one, 12);
    expect(withTarget(js(), () => grad(loss({}))(f64(0.5)).itemSync())).toBeCloseTo(one, 9);
    expect(grad(loss({ adjoint: interpolating() }))(a).itemSync()).toBeCloseTo(one, 5);
    expect(grad(loss({ adjoint: backsolve() }))(a).itemSync()).toBeCloseTo(one, 5);
    const crossing = event((_t: Tensor, y: Tensor) => y.sum().sub(0.4), {
      reset: (_t: Tensor, y: Tensor) => y.add(0.5),
    });
    const happened = odeint(bursts(30), f64([1]), [0, 4], { controller, dt0: 2, events: [crossing] });
    const plain = odeint(bursts(30), f64([1]), [0, 4], { events: [crossing] });
    expect(numbers(happened.ys).at(-1)).toBeCloseTo(numbers(plain.ys).at(-1)!, 4);
  });

  test("of controlled equations are visited likewise", () => {
    const ts = Array.from({ length: 9 }, (_, i) => i / 8);
    const path = linearPath(ts, f64(ts.map((t) => [t, Math.sin(20 * t)])));
    const run = (controller: AdaptiveController): number[] =>
      numbers(
        cdeint(
          (_t: Tensor, y: Tensor) =>
            y
              .cos()
              .expandDims(1)
              .mul(f64([[1, 2]])),
          path,
          f64([0.3]),
          [0, 1],
          {
            controller,
            solver: tsit5,
            dt0: 1,
          },
        ).ys,
      );
    close(f64(run(pid({ storeRejected: 8 }))), run(pid()), 1e-5);
  });

  test("of which too many wait end the solve; and what is no number of them is refused", () => {
    expect(() =>
      odeint((t: Tensor, y: Tensor) => y.mul(0).add(t.sub(1).abs().sqrt()), f64([0]), [0, 3], {
        controller: pid({ storeRejected: 1, rtol: 1e-12, atol: 1e-12 }),
        dt0: 1.9,
      }),
    ).toThrow(/stepUnderflow/);
    for (const storeRejected of [0, 1.5, NaN]) expect(() => pid({ storeRejected })).toThrow("pid: storeRejected is");
  });
});

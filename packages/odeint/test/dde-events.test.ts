import { grad, jacfwd, jacrev, vmap } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, ddeint, event, odeint, rk4, rodas5p, type SolveEvent, Status, tsit5 } from "../src/index";
import { at, close, f64, first, last, numbers } from "./support/numbers";

const minusPast = (_t: Tensor, _y: Tensor, [past]: readonly Tensor[]): Tensor => past!.neg();
const tight = { rtol: 1e-10, atol: 1e-12 };
/** y falls by 1 in each unit of time up to 1, from 1 on. */
const solve = (events: readonly unknown[], ts: readonly number[], more: object = {}) =>
  ddeint(minusPast, f64(1), f64(1), [...ts], {
    delays: 1,
    ...tight,
    events: events as readonly SolveEvent[],
    ...more,
  });

describe("events of an equation with a delay", () => {
  test("are recorded without a change of the steps", () => {
    const zero = event((_t, y: Tensor) => y, { terminal: false });
    const ts = [0, 1, 2, 4];
    const plain = solve([], ts);
    const { ys, events, stats } = solve([zero], ts);
    expect(numbers(ys)).toEqual(numbers(plain.ys));
    expect(stats.accepted.itemSync()).toBe(plain.stats.accepted.itemSync());
    close(first(events[0]!.t, 1), [1], 1e-12);
    for (const t of numbers(events[0]!.t).filter((x) => !Number.isNaN(x))) close(solve([], ts).at([t]), [0], 1e-9);
    expect(events[0]!.count.itemSync()).toBe(2);
  });

  test("end it", () => {
    const half = event((_t, y: Tensor) => y.add(0.375), { direction: "down" });
    const { status, ts, ys, events } = solve([half], [0, 1, 3]);
    expect(status.itemSync()).toBe(Status.eventTerminated);
    // (t − 2)²/2 − 1/2 = −3/8
    close(first(events[0]!.t, 1), [1.5], 1e-11);
    expect(numbers(ts)).toEqual([0, 1]);
    close(ys, [1, 0], 1e-12);
  });

  /** The state grows by 2 where it falls through a level. */
  const raised = (level: Tensor, ts: readonly number[], more: object = {}) =>
    solve([event<Tensor, Tensor>((_t, y, p) => y.sub(p), { direction: "down", reset: (_t, y) => y.add(2) })], ts, {
      args: level,
      ...more,
    });
  // From 1/2 on y is 3 − t, from 1 on its slope is t − 2, from 3/2 on t − 4.
  const expected = [1, 2.25, 2, 1.625, 0.705];
  const times = [0, 0.75, 1, 1.5, 1.9];

  test.each([
    ["tsit5", {}, 1e-10],
    ["rodas5p", { solver: rodas5p }, 1e-8],
    ["rk4", { solver: rk4, controller: constant({ dt: 1 / 16 }) }, 1e-12],
  ])("change the state, and a delay later its slope, by %s", (_name, more, bound) => {
    close(raised(f64(0.5), times, more).ys, expected, bound);
  });

  test("end steps where the delayed state jumps", () => {
    const { stats } = raised(f64(0.5), [0, 1.9], { solver: tsit5 });
    // Polynomials: steps end at the event, and at 1, 3/2 and 2, and none is rejected but those that look for their length.
    expect(stats.steps.itemSync()).toBeLessThan(30);
  });

  test("have gradients: the jump of the delayed slope moves with the event", () => {
    const end = (p: Tensor): Tensor => last(raised(p, [0, 1.9]).ys).reshape([]);
    close(grad(end)(f64(0.5)), [-2], 1e-8);
    close(jacfwd(end)(f64(0.5)), [-2], 1e-8);
    const time = (p: Tensor): Tensor => at(raised(p, [0, 1.9]).events[0]!.t, 0);
    close(compile((p: Tensor) => jacrev(time)(p))(f64(0.5)), [-1], 1e-9);
    close(vmap((p: Tensor) => grad(end)(p))(f64([0.5, 0.6])), [-2, -2], 1e-8);
  });

  test("have gradients by delays, as differences of solves say", () => {
    const end = (delay: Tensor): Tensor =>
      last(raised(f64(0.5), [0, 1.9], { delays: delay }).ys)
        .square()
        .sum();
    const [slope] = numbers(grad(end)(f64(0.9)));
    const h = 1e-5;
    const [above, below] = [0.9 + h, 0.9 - h].map((x) => end(f64(x)).itemSync());
    expect(Math.abs(slope! - (above! - below!) / (2 * h))).toBeLessThan(1e-6);
  });

  test("at preset times, at t0 too, and one after the other at one time", () => {
    const doses = event({ at: [0, 0.5], reset: (_t, y: Tensor) => y.add(1) });
    const double = event({ at: [0.5], reset: (_t, y: Tensor) => y.mul(2) });
    const { ys, events } = solve([doses, double], [0, 0.25, 0.75, 1.25, 1.75]);
    // 2 − t up to 1/2, then 5.5 − t; so from 1 on the slope is t − 3, and from 3/2 on t − 6.5.
    const from1 = (t: number): number => 4.5 + (t - 1) ** 2 / 2 - 2 * (t - 1);
    close(ys, [1, 1.75, 4.75, from1(1.25), from1(1.5) - 5 * 0.25 + 0.25 ** 2 / 2], 1e-10);
    expect(events.map(({ count }) => count.itemSync())).toEqual([2, 1]);
  });

  test("with delays that depend on the state, and for independent trajectories", () => {
    const kick = event<Tensor, Tensor>((_t, y) => at(y, 0).sub(0.5), { direction: "down", reset: (_t, y) => y.add(2) });
    const options = { ...tight, events: [kick as never] };
    const rows = ddeint(minusPast, f64([[1], [1]]), f64([[1], [1.2]]), [0, 0.75, 1.4], {
      ...options,
      delays: (t, y: Tensor) => at(y, 0).mul(0).add(t.mul(0)).add(1),
      batch: "independent",
    });
    // The second falls by 1 from 1.2 on: its event is at 0.7.
    close(first(rows.events[0]!.t, 1), [0.5, 0.7], 1e-9);
    // At 1.4 the slopes are t − 2 and t − 2.2.
    close(rows.ys.slice([1], [3]), [2.25, 2.45, 1.68, 1.8], 1e-6);
  });

  test("of an unused delay are those of odeint", () => {
    const field = (t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).neg().add(t.sin())]);
    const wall = event((_t, y: Tensor) => at(y, 0).sub(0.8), {
      direction: "up",
      reset: (_t, y: Tensor) => stack([at(y, 0), at(y, 1).mul(-0.7)]),
    });
    fc.assert(
      fc.property(fc.double({ min: -0.5, max: 0.7, noNaN: true }), (x) => {
        const options = { rtol: 1e-9, atol: 1e-9, events: [wall] };
        const start = f64([x, 1]);
        const delayed = ddeint((t, y: Tensor) => field(t, y), start, start, [0, 2, 5], { ...options, delays: 0.9 });
        const plain = odeint(field, start, [0, 2, 5], options);
        const count = plain.events[0]!.count.itemSync();
        expect(delayed.events[0]!.count.itemSync()).toBe(count);
        close(first(delayed.events[0]!.t, count), numbers(first(plain.events[0]!.t, count)), 1e-6);
        close(delayed.ys, numbers(plain.ys), 1e-6);
      }),
      { numRuns: 8 },
    );
  });

  test("on the oracle as on wasm", () => {
    const run = (): number[] => numbers(raised(f64(0.5), times, { historySteps: 16, rtol: 1e-4, atol: 1e-4 }).ys);
    close(withTarget(js(), run), run(), 1e-12);
  });
});

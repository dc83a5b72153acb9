import { grad, jacfwd } from "@dzdt/autograd";
import type { Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bdf, event, odeint, rk4, rodas5p, type Solver, tsit5 } from "../src/index";
import { at, close, f64, first, last } from "./support/numbers";

const leak = (_t: Tensor, y: Tensor, current: Tensor): Tensor => current.sub(y);
const fire = event<Tensor, Tensor>((_t, y) => at(y, 0).sub(1), { reset: (_t, y) => y.mul(0) });
/** From 0 to the threshold 1. */
const period = (current: number): number => Math.log(current / (current - 1));

describe("a neuron that integrates and fires", () => {
  const solve = (current: Tensor, solver: Solver = tsit5) =>
    odeint(leak, f64([0]), [0, 5], { args: current, solver, rtol: 1e-9, atol: 1e-9, events: [fire] });

  test.each([tsit5, rodas5p, bdf])("fires at equal intervals, with $name", (solver) => {
    fc.assert(
      fc.property(fc.double({ min: 1.1, max: 3, noNaN: true }), (current) => {
        const { count, t } = solve(f64([current]), solver).events[0]!;
        const expected = Math.floor(5 / period(current));
        fc.pre(Math.abs(5 / period(current) - Math.round(5 / period(current))) > 1e-3);
        expect(count.itemSync()).toBe(expected);
        close(
          first(t, expected),
          Array.from({ length: expected }, (_, i) => (i + 1) * period(current)),
          3e-6,
        );
      }),
      { numRuns: 6 },
    );
  });

  test("sooner with more current: the derivative of its third time is three times that of its period", () => {
    const third = (current: Tensor): Tensor => solve(current).events[0]!.t.slice([2], [3]).sum();
    const expected = 3 * (1 / 1.5 - 1 / 0.5);
    close(grad(third)(f64([1.5])), [expected], 1e-8);
    close(jacfwd(third)(f64([1.5])), [expected], 1e-8);
  });

  test("likewise along decreasing times, in steps of one length, and one of many", () => {
    const back = (_t: Tensor, y: Tensor): Tensor => y.sub(1.5);
    const backwards = odeint(back, f64([0]), [5, 0], {
      events: [event((_t, y: Tensor) => at(y, 0).sub(1), { reset: (_t, y: Tensor) => y.mul(0) })],
    });
    close(
      first(backwards.events[0]!.t, 4),
      [1, 2, 3, 4].map((k) => 5 - k * period(1.5)),
      1e-4,
    );
    const steady = odeint(leak, f64([0]), [0, 5], { args: f64([1.5]), solver: rk4, dt0: 1 / 64, events: [fire] });
    close(
      first(steady.events[0]!.t, 4),
      [1, 2, 3, 4].map((k) => k * period(1.5)),
      1e-6,
    );
    const rows = odeint(leak, f64([[0], [0.5]]), [0, 5], { args: f64([1.5]), batch: "independent", events: [fire] });
    const early = period(1.5) - Math.log(1.5);
    close(rows.events[0]!.t.slice([0, 0], [2, 2]), [period(1.5), early, 2 * period(1.5), early + period(1.5)], 1e-5);
  });
});

test("an angle that is wrapped goes on where it was", () => {
  const turn = event((_t, y: Tensor) => at(y, 0).sub(2 * Math.PI), { reset: (_t, y: Tensor) => y.sub(2 * Math.PI) });
  const { ys, events } = odeint((_t, y: Tensor) => y.mul(0).add(1), f64([0]), [0, 20], { events: [turn] });
  expect(events[0]!.count.itemSync()).toBe(3);
  close(last(ys), [20 - 6 * Math.PI], 1e-11);
});

test("two thresholds that turn the direction round are met in turn", () => {
  const field = (_t: Tensor, y: Tensor): Tensor => at(y, 1).mul(f64([1, 0]));
  const round = (_t: Tensor, y: Tensor): Tensor => y.mul(f64([1, -1]));
  const above = event((_t, y: Tensor) => at(y, 0).sub(1), { reset: round });
  const below = event((_t, y: Tensor) => at(y, 0), { reset: round });
  const { events } = odeint(field, f64([0, 1]), [0, 6.5], { events: [above, below] });
  close(first(events[0]!.t, 3), [1, 3, 5], 1e-11);
  close(first(events[1]!.t, 3), [2, 4, 6], 1e-11);
});

test("a reset by rounding alone is none: a ball on the ground is thrown up again", () => {
  // The ground is where the height is 1/3, which the reset states anew.
  const ground = 1 / 3;
  const fall = (_t: Tensor, y: Tensor): Tensor =>
    at(y, 1)
      .mul(f64([1, 0]))
      .add(f64([0, -9.81]));
  const bounce = event((_t, y: Tensor) => at(y, 0).sub(ground), {
    reset: (_t, y: Tensor) => y.mul(f64([0, -0.8])).add(f64([ground * (1 + 2 ** -52), 0])),
  });
  const { events } = odeint(fall, f64([ground + 1, 0]), [0, 2], { events: [bounce] });
  const drop = Math.sqrt(2 / 9.81);
  close(first(events[0]!.t, 3), [drop, drop * 2.6, drop * (2.6 + 1.28)], 1e-11);
});

test("preset times stay where they are when t0 moves", () => {
  const [k, dose] = [0.35, 2.5];
  const given = event({ at: [2], reset: (_t, y: Tensor) => y.add(dose) });
  const end = (t0: Tensor): Tensor => {
    const ts = t0.mul(f64([1, 0])).add(f64([0, 10]));
    return last(
      odeint((_t, y: Tensor) => y.mul(-k), f64([1.3]), ts, { rtol: 1e-10, atol: 1e-10, events: [given] }).ys,
    ).sum();
  };
  close(grad(end)(f64(0.5)), [k * 1.3 * Math.exp(-k * 9.5)], 1e-9);
});

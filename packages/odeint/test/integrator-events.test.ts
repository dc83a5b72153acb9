import { stack, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { event, integrator, odeint, rk4 } from "../src/index";
import { at, close, f64, numbers } from "./support/numbers";

describe("events of single steps", () => {
  const fall = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).mul(0).sub(9.81)]);
  const bounce = event((_t, y: Tensor) => at(y, 0), {
    direction: "down",
    reset: (_t, y: Tensor) => y.mul(f64([0, -0.75])),
  });
  const top = event((_t, y: Tensor) => at(y, 1), { direction: "down", terminal: false });

  test("are those of odeint, and as many as come", () => {
    const { events } = odeint(fall, f64([10, 0]), [0, 6], { events: [bounce, top], maxEvents: 8 });
    const walker = integrator(fall, f64([10, 0]), 0, { events: [bounce, top], maxEvents: 2 });
    walker.addStop(6);
    const found: number[][] = [[], []];
    const states: number[] = [];
    while (walker.t < 6)
      for (const { index, t, y } of walker.step().events) {
        found[index]!.push(t);
        if (index === 0) states.push(...numbers(y));
      }
    events.forEach(({ t, count }, k) => expect(found[k]).toEqual(numbers(t).slice(0, count.itemSync())));
    expect(states).toEqual(numbers(events[0]!.y).slice(0, states.length));
    expect(found[0]!.length).toBeGreaterThan(2);
  });

  test("that end the solve end the steps, until a state is set", () => {
    const ground = event((_t, y: Tensor) => at(y, 0), { direction: "down" });
    const walker = integrator(fall, f64([10, 0]), 0, { events: [ground] });
    const { ts, ys } = odeint(fall, f64([10, 0]), [0, 0.1, 4], { events: [ground] });
    const impact = Math.sqrt(20 / 9.81);
    expect(() => walker.peek(2)).toThrow(/peek: t = 2 lies behind 1\.42.*, where an event ends the solve/);
    walker.advance(4);
    close([walker.t], [impact], 1e-9);
    expect([walker.ended, ts.shape]).toEqual([true, [2]]);
    close(walker.y, [0, -9.81 * impact], 1e-6);
    expect(ys.shape).toEqual([2, 2]);
    close(walker.peek(walker.t - 0.001), [0.014, -14.0], 0.05);
    expect(() => walker.step()).toThrow(/step: an event ended the solve at t = 1\.42.*; set a state to go on/);
    expect(() => walker.advance(5)).toThrow(RangeError);
    walker.set(f64([1, 0]));
    walker.advance(walker.t + 0.1);
    expect(walker.ended).toBe(false);
    close(walker.y, [1 - 0.5 * 9.81 * 0.01, -0.981], 1e-8);
  });

  test("that are too many for one step fail", () => {
    const often = event((t: Tensor) => t.mul(40).sin(), { terminal: false });
    const slow = (_t: Tensor, y: Tensor): Tensor => y.mul(0).add(1);
    const walker = integrator(slow, f64([0]), 0, { solver: rk4, dt0: 1, events: [often], maxEvents: 2 });
    expect(() => walker.step()).toThrow(/integrator: maxEventsReached at t = /);
    expect(walker.t).toBe(0);
  });
});

import { grad, jacfwd, jacrev, vmap } from "@dzdt/autograd";
import { compile, stack, type Tensor, where } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, dop853, event, odeint, peak, rk4, rodas5p, type SolveEvent, Status } from "../src/index";
import data from "./data/events.json";
import { at, close, f64, first, last, numbers } from "./support/numbers";

const tight = { solver: dop853, rtol: 1e-10, atol: 1e-12 };
const falling = (_t: Tensor, y: Tensor, g: Tensor): Tensor => stack([at(y, 1), g.neg()]);
const height = (_t: Tensor, y: Tensor): Tensor => at(y, 0);
const reference = (id: string): never => data.cases.find((one) => one.id === id) as never;

describe("the reference", () => {
  const ball = reference("bouncing-ball-10-0.75") as {
    impacts: string[];
    impact_speeds: string[];
    state_T: string[];
    d_impact_dparams: string[][];
    d_state_dparams: string[][];
    T: number;
  };
  const bounce = (p: Tensor, options: object = {}, T = ball.T) =>
    odeint((t: Tensor, y: Tensor, p: Tensor) => falling(t, y, at(p, 2)), stack([at(p, 0), at(p, 1)]), [0, T], {
      ...tight,
      args: p,
      events: [
        event(height, {
          direction: "down",
          reset: (_t, y: Tensor, p: Tensor) => stack([at(y, 0).mul(0), at(y, 1).mul(at(p, 3)).neg()]),
        }) as SolveEvent,
      ],
      ...options,
    });
  const p = f64([10, 0, 9.8125, 0.75]);

  test("of a ball: all its impacts, in order", () => {
    const { events, ys, status } = bounce(p);
    const [{ t, y, count }] = events as [(typeof events)[0]];
    expect(count.itemSync()).toBe(6);
    expect(status.itemSync()).toBe(Status.success);
    close(first(t, 6), ball.impacts, 1e-10);
    close(first(y, 6).slice([0, 1], [6, 2]).neg(), ball.impact_speeds, 1e-9);
    close(last(ys), ball.state_T, 1e-10);
    expect(numbers(t).slice(6).every(Number.isNaN)).toBe(true);
  });

  test.each([
    ["reverse", jacrev],
    ["forward", jacfwd],
  ] as const)("of a ball: derivatives in %s mode", (_name, jacobian) => {
    close(jacobian((q: Tensor) => first(bounce(q).events[0]!.t, 6))(p), ball.d_impact_dparams.flat(), 1e-7);
    close(jacobian((q: Tensor) => last(bounce(q).ys))(p), ball.d_state_dparams.flat(), 1e-7);
  });

  test("of a ball: derivatives compiled, and of many balls", () => {
    const impacts = (q: Tensor): Tensor => first(bounce(q).events[0]!.t, 6);
    close(compile((q: Tensor) => jacrev(impacts)(q))(p), ball.d_impact_dparams.flat(), 1e-7);
    const other = p.mul(f64([1.01, 1, 0.99, 1]));
    const many = vmap(jacrev(impacts))(stack([p, other]));
    close(many.slice([0], [1]), ball.d_impact_dparams.flat(), 1e-7);
    close(many.slice([1], [2]), numbers(jacfwd(impacts)(other)), 1e-7);
  });

  test("of a ball: its rest is reached after infinitely many bounces", () => {
    expect(() => bounce(p, {}, 12)).toThrow(
      /maxEventsReached: events\[0\] fired more than maxEvents = 16 times, at t = 9\.9/,
    );
    const { status, events, ys } = bounce(p, { throw: false, maxEvents: 20 }, 12);
    expect(status.itemSync()).toBe(Status.maxEventsReached);
    expect(events[0]!.count.itemSync()).toBe(20);
    expect(numbers(last(ys))).toEqual([NaN, NaN]);
  });

  test("of an ellipse: its apsides, but not the one that it starts from", () => {
    const { y0, times } = reference("kepler-apsides-0.5") as { y0: number[]; times: string[] };
    const kepler = (_t: Tensor, y: Tensor): Tensor => {
      const [q, v] = [y.slice([0], [2]), y.slice([2], [4])];
      const pull = q.mul(q.square().sum().pow(-1.5)).neg();
      return stack([at(v, 0), at(v, 1), at(pull, 0), at(pull, 1)]);
    };
    const radial = (_t: Tensor, y: Tensor): Tensor =>
      y
        .slice([0], [2])
        .mul(y.slice([2], [4]))
        .sum();
    const radius = (_t: Tensor, y: Tensor): Tensor => y.slice([0], [2]).square().sum();
    const record = { terminal: false };
    const events = [
      event(radial, record),
      event(radial, { ...record, direction: "down" }),
      event(radial, { ...record, direction: 1 }),
      peak(radius),
      peak(radius, { kind: "minimum" }),
    ];
    const found = odeint(kepler, f64(y0), [0, 20], { ...tight, rtol: 1e-13, events }).events;
    const [all, far, near] = [times, times.filter((_, i) => i % 2 === 0), times.filter((_, i) => i % 2 === 1)];
    [all, far, near, far, near].forEach((expected, i) => {
      expect(found[i]!.count.itemSync()).toBe(expected.length);
      close(first(found[i]!.t, expected.length), expected, 1e-10);
    });
  });

  test("of a pendulum: its period", () => {
    const { half_period, period } = reference("pendulum-period-1.5") as { half_period: string; period: string };
    const pendulum = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).sin().neg()]);
    const speed = (_t: Tensor, y: Tensor): Tensor => at(y, 1);
    const events = [event(speed, { direction: "up", terminal: false }), event(speed, { direction: "down" })];
    const { events: found, status } = odeint(pendulum, f64([1.5, 0]), [0, 20], { ...tight, events });
    close(first(found[0]!.t, 1), [half_period], 1e-10);
    close(first(found[1]!.t, 1), [period], 1e-10);
    expect(status.itemSync()).toBe(Status.eventTerminated);
  });

  test("of a terminal event: its time, state and gradient", () => {
    const { t_event, v_event, dt_dy0 } = reference("diffrax-doc-ball") as Record<string, string>;
    const drop = (h: Tensor) =>
      odeint(falling, stack([h, f64(0)]), [0, 1, 2, 3], { ...tight, args: f64(8), events: [event(height)] });
    const { ts, ys, valid, events, status } = drop(f64(10));
    expect(status.itemSync()).toBe(Status.eventTerminated);
    expect(numbers(ts)).toEqual([0, 1]);
    expect(ys.shape).toEqual([2, 2]);
    expect(numbers(valid)).toEqual([1, 1]);
    close(first(events[0]!.t, 1), [t_event!], 1e-10);
    close(first(events[0]!.y, 1), [0, v_event!], 1e-10);
    const time = (h: Tensor): Tensor => at(drop(h).events[0]!.t, 0);
    close(grad(time)(f64(10)), [dt_dy0!], 1e-10);
    const held = compile((h: Tensor) => {
      const { ts, ys, valid } = drop(h);
      return { ts, ys, valid, slope: grad((x: Tensor) => last(drop(x).ys).sum())(h) };
    })(f64(10));
    close(held.ts, [0, 1, t_event!, t_event!], 1e-10);
    close(last(held.ys), [0, v_event!], 1e-10);
    expect(numbers(held.valid)).toEqual([1, 1, 0, 0]);
    // v = −√(2gh)
    close(held.slope, [-Math.sqrt(8 / 20)], 1e-9);
  });

  test("of an event that is zero at t0: it does not fire there", () => {
    const { times, y0, t1 } = reference("event-at-t0") as { times: string[]; y0: number[]; t1: number };
    const turn = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1).neg(), at(y, 0)]);
    const events = [event((_t, y: Tensor) => at(y, 1), { terminal: false })];
    const [found] = odeint(turn, f64(y0), [0, t1], { ...tight, events }).events;
    expect(found!.count.itemSync()).toBe(2);
    close(first(found!.t, 2), times, 1e-10);
  });

  test("of a field that switches: saltation", () => {
    type Matrix = number[][];
    const c = reference("switched-1") as {
      A1: Matrix;
      A2: Matrix;
      R: Matrix;
      n: number[];
      c: number;
      y0: number[];
      T: number;
    } & Record<"t_event", string> &
      Record<"y_before" | "y_T" | "dt_event_dy0", string[]> &
      Record<"dyT_dy0", string[][]>;
    type State = { y: Tensor; mode: Tensor };
    const field = (_t: Tensor, { y, mode }: State) => ({
      y: where(mode.greater(0.5), f64(c.A2).matmul(y), f64(c.A1).matmul(y)),
      mode: mode.mul(0),
    });
    const surface = (_t: Tensor, { y, mode }: State): Tensor => where(mode.greater(0.5), 1, y.dot(f64(c.n)).sub(c.c));
    const reset = (_t: Tensor, { y }: State) => ({ y: f64(c.R).matmul(y), mode: f64(1) });
    const solve = (y0: Tensor) =>
      odeint(field, { y: y0, mode: f64(0) }, [0, c.T], { ...tight, events: [event<State>(surface, { reset })] });
    const { events, ys } = solve(f64(c.y0));
    expect(events[0]!.count.itemSync()).toBe(1);
    close(first(events[0]!.t, 1), [c.t_event], 1e-10);
    close(first(events[0]!.y.y, 1), c.y_before, 1e-10);
    close(last(ys.y), c.y_T, 1e-10);
    for (const jacobian of [jacrev, jacfwd]) {
      close(jacobian((y: Tensor) => at(solve(y).events[0]!.t, 0))(f64(c.y0)), c.dt_event_dy0, 1e-7);
      close(jacobian((y: Tensor) => last(solve(y).ys.y))(f64(c.y0)), c.dyT_dy0.flat(), 1e-7);
    }
  });

  test("of doses: at their times exactly, at t0 too", () => {
    const c = reference("dosing-times") as { dose_times: number[]; dose: number; T: number; y_T: string };
    const decay = (_t: Tensor, y: Tensor): Tensor => y.mul(-0.35);
    const dose = event({ at: c.dose_times, reset: (_t, y: Tensor) => y.add(c.dose) });
    const solve = (options: object) => odeint(decay, f64([0]), [0, 6, c.T], { ...tight, ...options, events: [dose] });
    const { events, ys } = solve({});
    expect(numbers(events[0]!.t).slice(0, 4)).toEqual(c.dose_times);
    close(last(ys), [c.y_T], 1e-10);
    // Outputs at the time of an event are the state before.
    close(ys.slice([1], [2]), [c.dose * Math.exp(-0.35 * 6)], 1e-10);
    const fixed = { solver: rk4, controller: constant({ dt: 0.07 }) };
    close(last(solve(fixed).ys), [c.y_T], 1e-6);
    expect(numbers(solve(fixed).events[0]!.t).slice(0, 4)).toEqual(c.dose_times);
    close(last(solve({ solver: rodas5p, rtol: 1e-8 }).ys), [c.y_T], 1e-7);
    const perStop = odeint(decay, f64([0]), [0, 6, c.T], { solver: dop853, controller: constant(), events: [dose] });
    close(last(perStop.ys), [c.y_T], 1e-4);
  });
});

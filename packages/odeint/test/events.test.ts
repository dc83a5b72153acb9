import { grad, hvp } from "@dzdt/autograd";
import { compile, js, stack, tensor, type Tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  cdeint,
  constant,
  discretize,
  dop853,
  event,
  leapfrog,
  linearPath,
  odeint,
  type OdeintOptions,
  separable,
  type SolveEvent,
  Status,
} from "../src/index";
import { at, close, f64, first, last, numbers } from "./support/numbers";

const tight = { solver: dop853, rtol: 1e-10, atol: 1e-12 };
const oscillator = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).neg()]);

describe("an event", () => {
  const solve = (events: readonly SolveEvent[], options: OdeintOptions = {}, ts: number[] = [0, 10]) =>
    odeint(oscillator, f64([0, 1]), ts, { rtol: 1e-8, atol: 1e-10, ...options, events });
  const record = { terminal: false } as const;
  // sin t, crossed twice within a step that goes over its top.
  const above = (level: number) => (_t: Tensor, y: Tensor) => at(y, 0).sub(level);

  test("is found twice within one step", () => {
    const top = [Math.asin(0.95), Math.PI - Math.asin(0.95)];
    const { events, stats } = odeint(oscillator, f64([Math.sin(1), Math.cos(1)]), [1, 2.2], {
      solver: dop853,
      controller: constant({ dt: 1.2 }),
      events: [event(above(0.95), record)],
    });
    expect(stats.steps.itemSync()).toBe(1);
    expect(events[0]!.count.itemSync()).toBe(2);
    close(first(events[0]!.t, 2), top, 1e-4);
  });

  test("that is earlier comes first, wherever it is in the list", () => {
    const one = { solver: dop853, controller: constant({ dt: 1.5 }) };
    const early = event(above(0.3));
    const late = event(above(0.6));
    for (const [events, k] of [
      [[early, late], 0],
      [[late, early], 1],
    ] as const) {
      const found = solve(events, one, [0, 1.5]).events;
      expect(found[k]!.count.itemSync()).toBe(1);
      expect(found[1 - k]!.count.itemSync()).toBe(0);
      close(first(found[k]!.t, 1), [Math.asin(0.3)], 1e-5);
    }
  });

  test("may be a bool, found where it turns", () => {
    const over = (_t: Tensor, y: Tensor): Tensor => at(y, 0).greater(0.5);
    const events = [
      event(over, record),
      event(over, { ...record, direction: "down" }),
      event(over, { ...record, direction: 0 }),
    ];
    const [up, down, both] = solve(events, tight).events;
    const [a, b] = [Math.PI / 6, (5 * Math.PI) / 6];
    close(first(up!.t, 2), [a, a + 2 * Math.PI], 1e-9);
    close(first(down!.t, 2), [b, b + 2 * Math.PI], 1e-9);
    close(first(both!.t, 4), [a, b, a + 2 * Math.PI, b + 2 * Math.PI], 1e-9);
  });

  test("goes either way in time, and along the solve", () => {
    const { events } = solve([event(above(0.5), { ...record, direction: "up" })], tight, [0, -10]);
    // Backwards sin t goes down first.
    close(first(events[0]!.t, 2), [(-7 * Math.PI) / 6, (-7 * Math.PI) / 6 - 2 * Math.PI], 1e-9);
  });

  test("at the last time fires", () => {
    const { events, status } = odeint((t: Tensor, y: Tensor) => y.mul(0).add(1), f64(0), [0, 1], {
      events: [event((t) => t.sub(1)), event({ at: [1], terminal: false })],
    });
    expect(events.map(({ count }) => count.itemSync())).toEqual([1, 1]);
    expect(status.itemSync()).toBe(Status.eventTerminated);
  });

  test("that resets has later outputs on the new trajectory, and `at` too", () => {
    const flip = event((t: Tensor) => t.sub(1.25), { reset: (_t, y: Tensor) => y.neg() });
    const times = [0.5, 1.25, 1.3, 2];
    const sines = times.map((t) => (t > 1.25 ? -Math.sin(t) : Math.sin(t)));
    const solution = solve([flip], tight, [0, ...times]);
    close(solution.ys.slice([1, 0], [5, 1]), sines, 1e-9);
    close(solution.at([2, 0.5, 1.25, 1.3]).slice([0, 0], [4, 1]), [sines[3]!, sines[0]!, sines[1]!, sines[2]!], 1e-9);
  });

  test("that ends the solve holds `at` there; dense: false forbids it", () => {
    const solution = solve([event(above(0.5))], tight);
    close(solution.at(0.25), [Math.sin(0.25), Math.cos(0.25)], 1e-9);
    close(solution.at(3), [0.5, Math.cos(Math.PI / 6)], 1e-9);
    expect(() => solve([event(above(0.5))], { dense: false }).at(0.1)).toThrow(/dense: false/);
  });

  test("can reset and end the solve", () => {
    const end = event(above(0.5), { terminal: true, reset: (_t, y: Tensor) => y.mul(0) });
    const run = compile((y0: Tensor) => {
      const { ys, ts } = odeint(oscillator, y0, [0, 0.5, 1], { ...tight, events: [end] });
      return { ys, ts };
    });
    const { ys, ts } = run(f64([0, 1]));
    close(last(ys), [0, 0], 0);
    close(ts, [0, 0.5, Math.PI / 6], 1e-9);
  });

  test("and another one of the same time both happen", () => {
    type Point = { x: Tensor; v: Tensor };
    const wall = (i: number) =>
      event((_t, { x }: Point) => at(x, i).sub(1), {
        direction: "up",
        reset: (_t, { x, v }: Point) => ({ x, v: v.mul(f64([0, 1].map((k) => (k === i ? -1 : 1)))) }),
      });
    const glide = (_t: Tensor, { v }: Point) => ({ x: v, v: v.mul(0) });
    const start = { x: f64([0, 0]), v: f64([1, 1]) };
    const { ys, events } = odeint(glide, start, [0, 1.5], { events: [wall(0), wall(1)] });
    expect(events.map(({ count }) => count.itemSync())).toEqual([1, 1]);
    close(last(ys.x), [0.5, 0.5], 1e-9);
  });

  test("works with steps of one length, on symplectic solvers, and in float32", () => {
    const field = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.mul(0).sub(8) });
    const bounce = event((_t, { q }: { q: Tensor; p: Tensor }) => q, {
      direction: "down",
      reset: (_t, { q, p }: { q: Tensor; p: Tensor }) => ({ q: q.mul(0), p: p.neg() }),
    });
    const start = { q: f64(10), p: f64(0) };
    const { ys, events } = odeint(field, start, [0, 4], {
      solver: leapfrog,
      controller: constant({ dt: 0.1 }),
      events: [bounce],
    });
    // Elastic: the height is the same 2 t* later. Leapfrog is exact for constant forces.
    const hit = Math.sqrt(20 / 8);
    close(first(events[0]!.t, 1), [hit], 1e-9);
    close(last(ys.q), [10 - 4 * (4 - 2 * hit) ** 2], 1e-8);
    const single = odeint((_t, y: Tensor) => y.neg(), tensor(2), [0, 5], {
      events: [event((_t, y: Tensor) => y.sub(1))],
    });
    close(first(single.events[0]!.t, 1), [Math.log(2)], 1e-4);
    expect(single.events[0]!.y.dtype).toBe("float32");
  });
});

describe("independent trajectories", () => {
  const speeds = [1, 2, 0.1];
  const solve = (y0: Tensor, options: object = {}) =>
    odeint(oscillator, y0, [0, 0.4, 2], {
      ...tight,
      batch: "independent",
      events: [
        event((_t, y: Tensor) => at(y, 0).sub(0.5)),
        event((_t, y: Tensor) => at(y, 0).sub(0.25), { terminal: false }),
      ],
      ...options,
    });
  const start = f64(speeds.map((v) => [0, v]));
  const hits = speeds.map((v) => (v > 0.5 ? Math.asin(0.5 / v) : NaN));

  test.each([undefined, js()])("have events of their own", (target) => {
    const { events, ts, valid, status, ys } = target
      ? withTarget(target, () => solve(f64(speeds.map((v) => [0, v]))))
      : solve(start);
    expect(events[0]!.t.shape).toEqual([16, 3]);
    expect(events[0]!.y.shape).toEqual([16, 3, 2]);
    expect(numbers(events[0]!.count)).toEqual([1, 1, 0]);
    expect(numbers(events[1]!.count)).toEqual([1, 1, 0]);
    close(numbers(first(events[0]!.t, 1)).slice(0, 2), hits.slice(0, 2), 1e-9);
    expect(numbers(status)).toEqual([Status.eventTerminated, Status.eventTerminated, Status.success]);
    expect(numbers(valid)).toEqual([1, 1, 1, 1, 0, 1, 0, 0, 1]);
    close(last(ts), [hits[0]!, hits[1]!, 2], 1e-9);
    close(last(ys).slice([0, 0], [3, 1]), [0.5, 0.5, 0.1 * Math.sin(2)], 1e-9);
  });

  test("have gradients of their own", () => {
    const times = (y0: Tensor): Tensor => solve(y0).events[0]!.t.slice([0, 0], [1, 2]).sum();
    const slope = numbers(grad(times)(start));
    const expected = speeds.map((v) => (v > 0.5 ? -0.5 / (v * v) / Math.sqrt(1 - 0.25 / (v * v)) : 0));
    close([slope[1]!, slope[3]!, slope[5]!], expected, 1e-8);
  });

  test("name the one that fails", () => {
    const often = event((t: Tensor) => t.mul(100).sin(), { terminal: false });
    expect(() => solve(start, { events: [often] })).toThrow(/trajectory 0: maxEventsReached: events\[0\]/);
  });
});

test("along the paths of a controlled equation each trajectory has its own", () => {
  const growth = (_t: Tensor, y: Tensor): Tensor => y.reshape([1, 1]);
  const paths = linearPath(
    [0, 1, 2],
    tensor(
      [
        [[0], [1], [0]],
        [[0], [2], [0]],
      ],
      { dtype: "float64" },
    ),
  );
  const doubled = event((_t, y: Tensor) => at(y, 0).sub(2));
  const { ts, valid, events, status } = cdeint(growth, paths, f64([[1], [1]]), [0, 0.5, 2], {
    batch: "independent",
    events: [doubled],
  });
  expect(events[0]!.t.shape).toEqual([16, 2]);
  expect(events[0]!.y.shape).toEqual([16, 2, 1]);
  close(first(events[0]!.t, 1), [Math.log(2), Math.log(2) / 2], 1e-7);
  close(ts, [0, 0, 0.5, Math.log(2) / 2, Math.log(2), Math.log(2) / 2], 1e-7);
  expect(numbers(valid)).toEqual([1, 1, 1, 0, 0, 0]);
  expect(numbers(status)).toEqual([Status.eventTerminated, Status.eventTerminated]);
});

describe("gradients through events", () => {
  const loss = (options: OdeintOptions) => (v: Tensor) => {
    const kick = event((_t, y: Tensor) => at(y, 0), { direction: "down", reset: (_t, y: Tensor) => y.mul(0.5) });
    const { ys, events } = odeint(oscillator, stack([v.mul(0), v]), [0, 5], { ...tight, ...options, events: [kick] });
    return last(ys).square().sum().add(at(events[0]!.t, 0));
  };

  test("do not depend on which states are kept", () => {
    const expected = grad(loss({}))(f64(1.5)).itemSync();
    // After the kick the energy is a quarter, and its time is π whatever the speed.
    expect(expected).toBeCloseTo((2 * 1.5) / 4, 8);
    for (const checkpoints of ["sqrt", "log", 3] as const)
      expect(grad(loss({ adjoint: discretize({ checkpoints }), maxSteps: 200 }))(f64(1.5)).itemSync()).toBe(expected);
  });

  test("have gradients", () => {
    const drop = (h: Tensor): Tensor =>
      at(
        odeint((_t, y: Tensor) => stack([at(y, 1), f64(-8)]), stack([h, h.mul(0)]), [0, 3], {
          ...tight,
          events: [event((_t, y: Tensor) => at(y, 0))],
        }).events[0]!.t,
        0,
      );
    // t = √(2h/8)
    expect(hvp(drop, f64(10), f64(1)).itemSync()).toBeCloseTo(-0.25 * Math.sqrt(2 / 8) * 10 ** -1.5, 9);
  });
});

test("a solution without events has none, and all its rows are valid", () => {
  const { events, valid } = odeint((_t, y: Tensor) => y, f64(1), [0, 1, 2]);
  expect(events).toEqual([]);
  expect(numbers(valid)).toEqual([1, 1, 1]);
});

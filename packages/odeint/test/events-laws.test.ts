import { grad, hessian, jvp, vmap } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constant, dop853, event, odeint, peak, pid, rk4, SolveError, type SolveEvent, tsit5 } from "../src/index";
import { at, close, f64, first, numbers } from "./support/numbers";

const height = (_t: Tensor, y: Tensor): Tensor => at(y, 0);

describe("laws", () => {
  const swing = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).sin().neg()]);
  const levels = fc.array(fc.double({ min: -0.9, max: 0.9, noNaN: true }), { minLength: 1, maxLength: 3 });
  const ts = [0, 1, 2.5, 6];

  test("events that never fire or are only recorded leave all steps as they are, to the bit", () => {
    fc.assert(
      fc.property(levels, fc.constantFrom(tsit5, dop853), (list, solver) => {
        const plain = odeint(swing, f64([1, 0]), ts, { solver });
        const events = [
          ...list.map((x) => event((_t, y: Tensor) => at(y, 0).sub(x), { terminal: false })),
          event((_t, y: Tensor) => at(y, 1).sub(5)),
          event({ at: [0.7, 3], terminal: false }),
        ];
        const watched = odeint(swing, f64([1, 0]), ts, { solver, events });
        expect(numbers(watched.ys)).toEqual(numbers(plain.ys));
        expect(watched.stats.steps.itemSync()).toBe(plain.stats.steps.itemSync());
        expect(watched.stats.rejected.itemSync()).toBe(plain.stats.rejected.itemSync());
      }),
      { numRuns: 12 },
    );
  });

  test("second derivatives by large parameters that a batch shares are refused, first ones are not", () => {
    const solve = (y: Tensor, p: Tensor): Tensor =>
      odeint((_t, x: Tensor) => x.mul(p).neg(), y, [0, 1], {
        solver: rk4,
        dt0: 0.25,
        events: [event((_t, x: Tensor) => x.sum().sub(0.5), { terminal: false })],
      }).ys.sum();
    const states = f64([...Array(51).keys()].map((k) => k / 51)).reshape([3, 17]);
    const loss = (p: Tensor): Tensor => vmap(solve, [0, null])(states, p).square().sum();
    const p = f64(new Array<number>(17).fill(0.8));
    const apart = (p: Tensor): Tensor =>
      vmap(solve, [0, 0])(states, p.broadcastTo([3, 17]))
        .square()
        .sum();
    close(grad(loss)(p), numbers(grad(apart)(p)), 1e-12);
    expect(() => grad((p: Tensor) => grad(loss)(p).sum())(p)).toThrow(/^odeint: second derivatives of a batch/);
    expect(numbers(grad((p: Tensor) => grad(apart)(p).sum())(p)).every(Number.isFinite)).toBe(true);
  });

  test.each([
    ["a terminal one", event((_t, y: Tensor) => at(y, 0).sub(0.6))],
    ["one that is recorded", event((_t, y: Tensor) => at(y, 0).sub(0.6), { terminal: false })],
    ["one that resets", event((_t, y: Tensor) => at(y, 0).sub(0.6), { reset: (_t, y: Tensor) => y.mul(0.5) })],
    ["a bool one", event((_t, y: Tensor) => at(y, 0).less(0.6), { terminal: false })],
    ["a peak", peak((_t, y: Tensor) => y.sum(), { terminal: false })],
  ])("derivatives of a batch are those of each solve, with %s", (_name, one) => {
    const loss = (y: Tensor): Tensor => {
      const { ts: times, ys } = odeint((t, x: Tensor) => x.neg().add(t), y, [0, 1], { events: [one] });
      return ys.sin().sum().add(times.sum());
    };
    // As many as there are components, which could be taken for one another; and not.
    fc.assert(
      fc.property(fc.constantFrom(2, 3), fc.double({ min: 0.9, max: 2, noNaN: true }), (size, scale) => {
        const y = f64([
          [1, 0.5],
          [0.3, 0.6],
          [0.7, -0.4],
        ]).mul(scale);
        const [ys, v] = [first(y, size), first(y.cos(), size)];
        const each = numbers(vmap(grad(loss))(ys));
        close(grad((all: Tensor) => vmap(loss)(all).sum())(ys), each, 1e-12);
        const pushed = numbers(vmap((x: Tensor, dx: Tensor) => jvp(loss, [x], [dx])[1])(ys, v));
        close(jvp(vmap(loss), [ys], [v])[1], pushed, 1e-12);
        const twice = grad((all: Tensor) => vmap(vmap(loss))(all).sum())(stack([ys, ys]));
        close(twice, [...each, ...each], 1e-12);
      }),
      { numRuns: 4 },
    );
    // Second ones, too: no solve moves the gradient of another.
    const rows = [f64([1, 0.5]), f64([0.7, -0.4])];
    const curved = hessian((all: Tensor) => vmap(loss)(all).sum())(stack(rows));
    const own = rows.map((y) => numbers(vmap(hessian(loss))(stack([y]))));
    const blocks = own.flatMap((block, n) =>
      [0, 2].flatMap((i) => own.flatMap((_, m) => [i, i + 1].map((k) => (m === n ? block[k]! : 0)))),
    );
    close(curved, blocks, 1e-9);
  });

  test("the order of the list does not matter", () => {
    const kick = event((_t, y: Tensor) => at(y, 0), { direction: "down", reset: (_t, y: Tensor) => y.mul(0.8) });
    const list = [
      kick,
      event((_t, y: Tensor) => at(y, 0), { terminal: false }),
      event({ at: [2], reset: (_t, y: Tensor) => y.mul(1.1) }),
      event((_t, y: Tensor) => at(y, 1).add(0.3), { terminal: false }),
    ] as const;
    const solve = (order: readonly number[]) => {
      const { ys, events } = odeint(swing, f64([1, 0]), [0, 3, 12], { events: order.map((i) => list[i]!) });
      return { ys: numbers(ys), events: list.map((_, i) => numbers(events[order.indexOf(i)]!.t)) };
    };
    const expected = solve([0, 1, 2, 3]);
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        expect(solve(order)).toEqual(expected);
      }),
      { numRuns: 6 },
    );
  });

  test("preset times outside the solve do not fire, whichever way it goes", () => {
    const doubled = event({ at: [-1, 0, 1, 2.5, 7], reset: (_t, y: Tensor) => y.mul(2) });
    const steady = (_t: Tensor, y: Tensor): Tensor => y.mul(0);
    for (const [ts, times] of [
      [
        [-0.5, 2, 3],
        [0, 1, 2.5],
      ],
      [
        [0, 2, 2.5],
        [0, 1, 2.5],
      ],
      [
        [6, 2, -0.5],
        [2.5, 1, 0],
      ],
    ] as const) {
      const { ys, events } = odeint(steady, f64(1), ts, { events: [doubled] });
      expect(numbers(events[0]!.t).slice(0, 4)).toEqual([...times, NaN]);
      const state = times.filter((t) => (ts[1] - t) * Math.sign(ts[1] - ts[0]) > 0).length;
      expect(numbers(ys)[1]).toBe(2 ** state);
    }
  });

  test("no preset times are no events", () => {
    const doses = event({ at: [], reset: (_t, y: Tensor) => y.add(1) });
    const { ys, events } = odeint(swing, f64([1, 0]), ts, { events: [doses] });
    expect(numbers(ys)).toEqual(numbers(odeint(swing, f64([1, 0]), ts).ys));
    expect(events[0]!.count.itemSync()).toBe(0);
    const back = odeint(swing, f64([1, 0]), [6, 1], { events: [doses], solver: dop853 });
    expect(back.events[0]!.count.itemSync()).toBe(0);
    const fixed = { solver: rk4, controller: constant({ dt: 0.5 }) };
    expect(numbers(odeint(swing, f64([1, 0]), ts, { events: [doses], ...fixed }).ys)).toEqual(
      numbers(odeint(swing, f64([1, 0]), ts, fixed).ys),
    );
  });

  test("conditions are zero at their times, and nowhere before on the dense output", () => {
    fc.assert(
      fc.property(fc.double({ min: -0.95, max: 0.95, noNaN: true }), (level) => {
        const { events, at: state } = odeint(swing, f64([1, 0]), [0, 8], {
          events: [event((_t, y: Tensor) => at(y, 0).sub(level), { terminal: false })],
        });
        const [{ t, y, count }] = events as [(typeof events)[0]];
        const many = count.itemSync();
        expect(many).toBeGreaterThan(0);
        numbers(y.slice([0, 0], [many, 1])).forEach((x) => expect(Math.abs(x - level)).toBeLessThan(1e-13));
        const end = numbers(t)[0]!;
        const grid = Array.from({ length: 200 }, (_, i) => (i / 200) * end * (1 - 1e-9));
        const values = numbers(state(grid).slice([0, 0], [200, 1])).map((x) => x - level);
        expect(values.every((x) => Math.sign(x) === Math.sign(values[0]!))).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  test("on the plain target they are the same", () => {
    const solve = (): number[] => {
      const kick = event((_t, y: Tensor) => at(y, 0), { direction: "down", reset: (_t, y: Tensor) => y.mul(0.8) });
      const { ys, events } = odeint(swing, f64([1, 0]), [0, 3, 12], { events: [kick] });
      return [...numbers(ys), ...numbers(first(events[0]!.t, 2))];
    };
    close(withTarget(js(), solve), solve(), 1e-12);
  });
});

describe("errors name what is wrong", () => {
  const solve = (events: unknown, options: object = {}) =>
    odeint((_t, y: Tensor) => y, f64([1, 2]), [0, 1], { ...options, events: events as SolveEvent[] });
  test.each([
    ["an int condition", [event((_t, y: Tensor) => y.sum().cast("int32"))], /events\[0\] returned int32/],
    ["a vector", [event((_t, y: Tensor) => y)], /events\[0\] returned shape \[2\]/],
    ["no tensor", [event(() => "x" as never)], /events\[0\] returned string/],
    [
      "a reset of another shape",
      [event({ at: [0.5], reset: (_t, y: Tensor) => y.sum() })],
      /reset of events\[0\] returned \[\]/,
    ],
    ["a bool observable", [peak((_t, y: Tensor) => y.sum().less(0))], /observable of events\[0\] is bool/],
    ["no event", [(_t: Tensor) => 0], /events\[0\] is no event/],
    ["no list", 3, /events is of type number, no array/],
  ])("%s", (_name, events, message) => expect(() => solve(events)).toThrow(message));

  test("in options", () => {
    expect(() => event(undefined, {})).toThrow(/neither a condition nor preset times/);
    expect(() => event(height, { direction: "rising" as never })).toThrow(/direction is "rising"/);
    expect(() => event(height, { teminal: true } as never)).toThrow(/did you mean terminal/);
    expect(() => peak(height, { kind: "max" as never })).toThrow(/kind is "max"/);
    expect(() => solve([], { maxEvents: 0 })).toThrow(/maxEvents is 0/);
    expect(() => solve([], { dense: 1 })).toThrow(/dense is 1/);
    expect(
      () => pid({ jumpTs: [] }) && odeint(height, f64([1]), [0, 1], { controller: pid({ stepTs: [NaN] }) }),
    ).toThrow(/stepTs\[0\] is NaN/);
  });

  test("in a program", () => {
    const often = event((t: Tensor) => t.mul(100).sin(), { terminal: false });
    const run = compile((y: Tensor) => odeint((_t, z: Tensor) => z, y, [0, 10], { events: [often] }).events[0]!.t);
    expect(() => run(f64(1))).toThrow(SolveError);
    const free = compile(
      (y: Tensor) => odeint((_t, z: Tensor) => z, y, [0, 10], { events: [event((t: Tensor) => t.sub(2))] }).ys,
    );
    close(free(f64(1)), [1, Math.exp(2)], 1e-5);
  });
});

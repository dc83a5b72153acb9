import { js, stack, tensor, type Tensor, tree, type Tree } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  auto,
  bdf,
  constant,
  dop853,
  event,
  gauss4,
  integrator,
  type IntegratorOptions,
  type IntegratorState,
  leapfrog,
  odeint,
  type OdeintOptions,
  odex,
  pid,
  radau5,
  rk4,
  rodas5p,
  separable,
  type StepReport,
  tsit5,
} from "../src/index";
import { at, f64, last, numbers } from "./support/numbers";

const driven = (t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).sin().neg().add(t.cos())]);
const square = (_t: Tensor, y: Tensor): Tensor => y.mul(y);

interface Walk {
  readonly t: number;
  readonly y: number[];
}

/** The accepted steps of odeint. */
function walk(y0: Tensor, end: number, options: OdeintOptions): { steps: Walk[]; evaluations: number } {
  const steps: Walk[] = [];
  const onStep = ({ t, y }: StepReport<Tensor>): void => void steps.push({ t, y: numbers(y) });
  const { stats } = odeint(driven, y0, [0, end], { ...options, onStep });
  return { steps, evaluations: stats.evaluations.itemSync() };
}

/** All numbers of what an integrator knows. */
const bits = ({ carry, dense, clock, stops }: IntegratorState): unknown => [
  carry.map(numbers),
  dense.map(numbers),
  { ...clock },
  stops,
];

/** Hundredths up to some: times nearer to each other than a few roundings are one. */
const uniqueTimes = (max: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(
    fc.integer({ min: 1, max }).map((k) => k / 100),
    { minLength: 1, maxLength: 6 },
  );

const flip = event((_t, y: Tensor) => at(y, 0), { direction: "down", reset: (_t, y: Tensor) => y.mul(-0.9) });
const doses = (sign: number) =>
  event({ at: [0, 0.5 * sign, sign], reset: (_t, y: Tensor) => y.add(1), terminal: false });

describe("steps are those of odeint, to the bit:", () => {
  const options: readonly [string, OdeintOptions][] = [
    ...[tsit5, dop853, rodas5p, radau5, bdf, auto, adamsBashforthMoulton, odex].map(
      (solver): [string, OdeintOptions] => [solver.name, { solver }],
    ),
    ["rk4", { solver: rk4, dt0: 0.1 }],
    ["gauss4", { solver: gauss4, dt0: 0.3 }],
    ["compensated rk4", { solver: rk4, controller: constant({ dt: 0.1, compensated: true }) }],
    ["stops and jumps", { controller: pid({ stepTs: [0.5, -0.5], jumpTs: [0.7, -0.7] }) }],
    ["jumps alone", { controller: pid({ jumpTs: [0.7, -0.7] }) }],
    ["a reset", { events: [flip] }],
    ["a reset and steps of one length", { solver: rk4, dt0: 0.1, events: [flip] }],
    ["doses", { events: [doses(1), doses(-1)] }],
    ["doses and steps of one length", { solver: rk4, dt0: 0.3, events: [doses(1), doses(-1)] }],
  ];
  test.each(options)("%s", (_name, own) => {
    for (const direction of [1, -1] as const) {
      const { steps, evaluations } = walk(f64([1, 0]), 3 * direction, own);
      const walker = integrator(driven, f64([1, 0]), 0, { ...(own as IntegratorOptions), direction });
      walker.addStop(3 * direction);
      const found: Walk[] = [];
      while (walker.t !== 3 * direction) {
        const { t, y } = walker.step();
        found.push({ t, y: numbers(y) });
      }
      expect(found).toEqual(steps);
      expect(walker.stats.accepted).toBe(steps.length);
      expect(walker.stats.evaluations).toBe(evaluations);
    }
  });

  test("from any state, over any time", () => {
    const state = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 2 });
    const end = fc.tuple(fc.double({ min: 0.5, max: 6, noNaN: true }), fc.constantFrom(1, -1));
    fc.assert(
      fc.property(state, end, fc.constantFrom(1e-3, 1e-6, 1e-9), (y0, [length, sign], rtol) => {
        const { steps } = walk(f64(y0), sign * length, { rtol, atol: rtol });
        const walker = integrator(driven, f64(y0), 0, { rtol, atol: rtol });
        expect(numbers(walker.advance(sign * length))).toEqual(steps.at(-1)!.y);
        expect([walker.t, walker.stats.accepted]).toEqual([sign * length, steps.length]);
      }),
      { numRuns: 25 },
    );
  });

  test("of trees in float32, on the js target too", () => {
    const field = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.neg() });
    for (const target of [undefined, js()]) {
      const given = target && { target };
      const y0 = { q: tensor([1], given), p: tensor([0.5], given) };
      const whole = odeint(field, y0, [0, 2], { solver: leapfrog, dt0: 0.1 });
      const walker = integrator(field, y0, 0, { solver: leapfrog, dt0: 0.1 });
      const { q, p } = walker.advance(2);
      expect([numbers(q), numbers(p)]).toEqual([numbers(last(whole.ys.q)), numbers(last(whole.ys.p))]);
      expect(walker.y.q.dtype).toBe("float32");
    }
  });
});

describe("advance", () => {
  test("lands exactly, like a solve with stops there", () => {
    const times = uniqueTimes(400);
    fc.assert(
      fc.property(times, (unsorted) => {
        const stops = [...unsorted].sort((a, b) => a - b);
        const { ys } = odeint(driven, f64([1, 0]), [0, ...stops], { controller: pid({ stepTs: stops }) });
        const walker = integrator(driven, f64([1, 0]), 0);
        const found = stops.flatMap((t) => {
          const y = numbers(walker.advance(t));
          expect(walker.t).toBe(t);
          return y;
        });
        expect(found).toEqual(numbers(ys).slice(2));
        expect(numbers(walker.advance(walker.t))).toEqual(found.slice(-2));
      }),
      { numRuns: 25 },
    );
  });

  test("with steps of one length composes to the bit", () => {
    const walker = integrator(driven, f64([1, 0]), 0, { solver: rk4, dt0: 1 / 16 });
    walker.advance(1);
    const { ys } = odeint(driven, f64([1, 0]), [0, 2], { solver: rk4, dt0: 1 / 16 });
    expect(numbers(walker.advance(2))).toEqual(numbers(last(ys)));
    // Off the grid, and back to it.
    walker.advance(2.03);
    expect([walker.step().t, walker.step().t]).toEqual([2.0625, 2.125]);
  });

  test("does not shorten later steps", () => {
    const walker = integrator(driven, f64([1, 0]), 0, { rtol: 1e-9, atol: 1e-9 });
    for (let k = 0; k < 5; k++) walker.step();
    const planned = walker.h;
    walker.advance(walker.t + planned * 1e-3);
    expect(walker.h).toBe(planned);
  });

  test("goes the way of its first time, or as it is told", () => {
    const back = integrator(driven, f64([1, 0]), 0);
    expect(back.h).toBeGreaterThan(0);
    back.advance(-1);
    expect(back.h).toBeLessThan(0);
    expect(() => back.advance(0)).toThrow(/advance: t = 0 lies behind -1, and time goes backwards/);
    const told = integrator(driven, f64([1, 0]), 0, { direction: -1 });
    expect(told.step().t).toBeLessThan(0);
    expect(() => integrator(driven, f64([1, 0]), 0, { direction: 1 }).advance(-1)).toThrow(RangeError);
  });
});

describe("addStop", () => {
  test("has steps end there, in whatever order stops are given", () => {
    const times = uniqueTimes(390);
    fc.assert(
      fc.property(times, fc.constantFrom(1, -1), (ahead, sign) => {
        const stops = ahead.map((t) => sign * t);
        const walker = integrator(driven, f64([1, 0]), 0, { direction: sign as 1 });
        stops.forEach((t) => walker.addStop(t));
        const visited: number[] = [];
        while (sign * walker.t < 3.9) visited.push(walker.step().t);
        for (const t of stops) expect(visited).toContain(t);
        // They are met on the way to a further time as well.
        const { ys } = odeint(driven, f64([1, 0]), [0, 4 * sign], { controller: pid({ stepTs: stops }) });
        const other = integrator(driven, f64([1, 0]), 0, { direction: sign as 1 });
        stops.forEach((t) => other.addStop(t));
        expect(numbers(other.advance(4 * sign))).toEqual(numbers(last(ys)));
      }),
      { numRuns: 20 },
    );
  });

  test("takes times ahead only", () => {
    const walker = integrator(driven, f64([1, 0]), 0);
    walker.advance(1);
    expect(() => walker.addStop(0.5)).toThrow(/addStop: t = 0.5 lies behind 1/);
    expect(() => walker.addStop(Infinity)).toThrow(/addStop: t is Infinity; give a finite number/);
  });
});

describe("peek", () => {
  const peeking: readonly [string, IntegratorOptions][] = [
    ["tsit5", {}],
    ["bdf", { solver: bdf }],
    ["rk4", { solver: rk4, dt0: 0.1 }],
    ["events", { events: [flip] }],
  ];
  test.each(peeking)("gives the dense output of odeint, and changes nothing: %s", (_name, own) => {
    const walker = integrator(driven, f64([1, 0]), 0, own);
    for (let k = 0; k < 3; k++) walker.step();
    const [from, known, { stats }] = [walker.t, bits(walker.save()), walker];
    const whole = odeint(driven, f64([1, 0]), [0, from + 4], own as OdeintOptions);
    const times = [from, from + 0.001, from + 1, from + 0.3, from + 2];
    const peeked = times.map((t) => numbers(walker.peek(t)));
    expect(bits(walker.save())).toEqual(known);
    expect(walker.stats).toEqual(stats);
    expect(peeked).toEqual(times.map((t) => numbers(whole.at(t))));
    // Later they are within steps that were taken.
    let before = walker.t;
    while (walker.t < from + 0.3) {
      before = walker.t;
      walker.step();
    }
    expect(numbers(walker.peek(from + 0.3))).toEqual(peeked[3]);
    expect(() => walker.peek(before - 1e-3)).toThrow(/lies before .*, where the last step began/);
  });
});

describe("what is saved", () => {
  test("goes on to the bit, in another integrator too", () => {
    for (const own of [{}, { solver: bdf }, { solver: rk4, dt0: 0.1 }, { events: [flip] }] as IntegratorOptions[]) {
      const whole = odeint(driven, f64([1, 0]), [0, 2], own as OdeintOptions);
      const first = integrator(driven, f64([1, 0]), 0, own);
      while (first.t < 1) first.step();
      const second = integrator(driven, f64([0, 0]), 5, own);
      second.restore(first.save());
      expect(second.t).toBe(first.t);
      expect(numbers(second.advance(2))).toEqual(numbers(last(whole.ys)));
      expect(numbers(first.advance(2))).toEqual(numbers(second.y));
      expect(second.stats).toEqual(first.stats);
    }
  });

  test("is a tree of tensors and numbers, and of no other problem", () => {
    const saved = integrator(driven, f64([1, 0]), 0).save();
    expect(tree.leaves(saved as unknown as Tree).length).toBeGreaterThan(10);
    expect(() => integrator(square, f64([1]), 0).restore(saved)).toThrow(/restore: .* of another problem or solver/);
  });
});

describe("set", () => {
  test("begins anew from another state, with the step as it was", () => {
    const walker = integrator(driven, f64([1, 0]), 0);
    for (let k = 0; k < 4; k++) walker.step();
    const dt0 = walker.h;
    walker.set(f64([0.5, 0.1]), 7);
    expect([walker.t, walker.h]).toEqual([7, dt0]);
    const { ys } = odeint(driven, f64([0.5, 0.1]), [7, 9], { dt0 });
    expect(numbers(walker.advance(9))).toEqual(numbers(last(ys)));
    expect(walker.stats.accepted).toBeGreaterThan(4);
  });

  test.each<[string, Tensor, RegExp]>([
    ["shape", f64([1]), /set: y has shape \[1\]; give \[2\], as y0 has/],
    ["dtype", tensor([1, 2], { dtype: "int32" }), /set: y is int32 and y0 is float64; cast it to float64/],
  ])("checks the %s", (_name, y, expected) => {
    const walker = integrator(driven, f64([1, 0]), 0);
    expect(() => walker.set(y)).toThrow(expected);
    expect(numbers(walker.y)).toEqual([1, 0]);
  });
});

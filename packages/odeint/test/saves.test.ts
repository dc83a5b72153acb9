import { compile, stack, type Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backsolve,
  constant,
  dop853,
  event,
  integrator,
  odeint,
  quadrature,
  reversible,
  rk4,
  saveAt,
  SolveError,
  Status,
} from "../src/index";
import { at, close, f64, first, numbers } from "./support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const swing = (t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).neg().mul(t.mul(2).cos().add(1.5))]);
const tight = { solver: dop853, rtol: 1e-10, atol: 1e-12 } as const;

/** The steps of a solve that the host looks at. */
function stepsOf(y0: Tensor, to: number): { t: number; y: number[] }[] {
  const steps: { t: number; y: number[] }[] = [];
  odeint(swing, y0, [0, to], { onStep: ({ t, y }) => void steps.push({ t, y: numbers(y) }) });
  return steps;
}

describe("saves after steps", () => {
  test("are every n-th step, to the bit, whatever is saved beside", () => {
    const part = fc.double({ min: -2, max: 2, noNaN: true });
    const often = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(part, part, fc.double({ min: 0.1, max: 8, noNaN: true }), often, often, (a, b, to, n, m) => {
        const y0 = f64([a, b]);
        const steps = stepsOf(y0, to);
        const plain = odeint(swing, y0, [0, to]);
        const { saves, ys, stats } = odeint(swing, y0, [0, to], {
          saves: { some: saveAt({ every: n }), more: saveAt({ every: m }) },
        });
        expect(numbers(ys)).toEqual(numbers(plain.ys));
        expect(stats.steps.itemSync()).toBe(plain.stats.steps.itemSync());
        for (const [{ t, y, count }, every] of [
          [saves.some, n],
          [saves.more, m],
        ] as const) {
          const expected = steps.filter((_, i) => (i + 1) % every === 0);
          expect(count.itemSync()).toBe(expected.length);
          expect(numbers(t)).toEqual(expected.map((step) => step.t));
          expect(numbers(y)).toEqual(expected.flatMap((step) => step.y));
        }
      }),
      { numRuns: 12 },
    );
  });

  test("of steps of one length are at the points of the grid, forwards and backwards", () => {
    const fixed = { solver: rk4, controller: constant({ dt: 0.25 }) };
    const { saves } = odeint(decay, f64(1), [0, 1.1], { ...fixed, saves: { all: saveAt({ every: 2 }) } });
    close(saves.all.t, [0.5, 1], 1e-15);
    close(saves.all.y, [Math.exp(-0.5), Math.exp(-1)], 1e-4);
    const back = odeint(decay, f64(1), [1, 0.5, 0], { ...fixed, saves: { all: saveAt({ every: 1 }) } });
    close(back.saves.all.t, [0.75, 0.5, 0.25, 0], 1e-15);
    const stops = odeint(decay, f64(1), [0, 0.1, 0.4], {
      solver: rk4,
      controller: constant(),
      saves: { all: saveAt({ every: 1 }) },
    });
    close(stops.saves.all.t, [0.1, 0.4], 1e-15);
    expect(numbers(stops.saves.all.y)).toEqual(numbers(stops.ys).slice(1));
  });

  test("have none where there are fewer steps, and none at one time alone", () => {
    const saves = { rare: saveAt({ every: 1000 }) };
    for (const ts of [[0, 1], [0]]) {
      const { t, y, count } = odeint(decay, f64([1, 2]), ts, { saves }).saves.rare;
      expect([t.shape, y.shape, count.itemSync()]).toEqual([[0], [0, 2], 0]);
    }
  });

  test("are of the steps that events leave: cut short, up to the state before a reset, and no further than the end", () => {
    const dose = event<Tensor>({ at: [1.25], reset: (_t, y) => y.add(1) });
    const fixed = { solver: rk4, controller: constant({ dt: 0.5 }) };
    const dosed = odeint(decay, f64(1), [0, 2], { ...fixed, events: [dose], saves: { all: saveAt({ every: 1 }) } })
      .saves.all;
    const before = Math.exp(-1.25);
    close(dosed.t, [0.5, 1, 1.25, 1.5, 2], 1e-15);
    close(
      dosed.y,
      [Math.exp(-0.5), Math.exp(-1), before, (before + 1) * Math.exp(-0.25), (before + 1) * Math.exp(-0.75)],
      1e-3,
    );
    const half = event<Tensor>((_t, y) => y.sub(0.5), { reset: (_t, y) => y.add(1) });
    const found = odeint(decay, f64(1), [0, 1], { ...tight, events: [half], saves: { all: saveAt({ every: 1 }) } });
    const cut = numbers(found.saves.all.t).findIndex((t) => Math.abs(t - Math.LN2) < 1e-9);
    expect(cut).toBeGreaterThanOrEqual(0);
    expect(numbers(found.saves.all.y)[cut]).toBeCloseTo(0.5, 9);
    const stop = event<Tensor>((_t, y) => y.sub(0.5));
    const ended = odeint(decay, f64(1), [0, 1], { ...tight, events: [stop], saves: { all: saveAt({ every: 1 }) } })
      .saves.all;
    close([numbers(ended.t).at(-1)!, numbers(ended.y).at(-1)!], [Math.LN2, 0.5], 1e-9);
    const quiet = event<Tensor>((_t, y) => y.sub(0.7), { terminal: false });
    const seen = odeint(decay, f64(1), [0, 1], { events: [quiet], saves: { all: saveAt({ every: 1 }) } });
    expect(numbers(seen.saves.all.t)).toEqual(
      numbers(odeint(decay, f64(1), [0, 1], { saves: { all: saveAt({ every: 1 }) } }).saves.all.t),
    );
    expect(seen.events[0]!.count.itemSync()).toBe(1);
  });

  test("that are more than the capacity fail, and say so; what there is, is kept", () => {
    const full = (throws: boolean) =>
      odeint(swing, f64([1, 0]), [0, 5], {
        throw: throws,
        saves: { few: saveAt({ every: 2, capacity: 3 }), all: saveAt({ every: 1 }) },
      });
    expect(() => full(true)).toThrow(
      /^odeint: maxSavesReached: saves\.few of capacity 3 is full at t = .* after 8 accepted.*; raise its capacity/,
    );
    const { saves, status } = full(false);
    expect(status.itemSync()).toBe(Status.maxSavesReached);
    expect([saves.few.count.itemSync(), saves.all.count.itemSync()]).toEqual([3, 7]);
    expect(numbers(saves.few.t)).toEqual(
      stepsOf(f64([1, 0]), 5)
        .slice(0, 6)
        .filter((_, i) => i % 2 === 1)
        .map(({ t }) => t),
    );
    const program = compile(
      (y0: Tensor) => odeint(swing, y0, [0, 5], { saves: { few: saveAt({ every: 1, capacity: 3 }) } }).saves.few.t,
    );
    expect(() => program(f64([1, 0]))).toThrow(SolveError);
    const exact = stepsOf(f64([1, 0]), 5).length;
    const enough = odeint(swing, f64([1, 0]), [0, 5], { saves: { all: saveAt({ every: 1, capacity: exact }) } });
    expect(enough.saves.all.count.itemSync()).toBe(exact);
  });
});

describe("saves at times", () => {
  test("are the dense output there, to the bit, and change nothing else", () => {
    const part = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.uniqueArray(part, { minLength: 1, maxLength: 6 }), (given) => {
        const ts = [...given].sort((a, b) => a - b);
        const plain = odeint(swing, f64([1, 0.5]), [0, 1, 3]);
        const saved = odeint(swing, f64([1, 0.5]), [0, 1, 3], {
          saves: { own: saveAt({ ts }), early: saveAt({ ts: [0, 1] }) },
        });
        expect(numbers(saved.ys)).toEqual(numbers(plain.ys));
        expect(numbers(saved.saves.own.y)).toEqual(numbers(plain.at(ts)));
        expect(numbers(saved.saves.own.t)).toEqual(ts);
        expect(numbers(saved.saves.early.y)).toEqual(numbers(first(plain.ys, 2)));
        expect(saved.saves.own.count.itemSync()).toBe(ts.length);
      }),
      { numRuns: 12 },
    );
  });

  test("that are known only when the program runs may be in any order, and those outside are not saved", () => {
    const program = compile(
      (ts: Tensor) => odeint(decay, f64(1), [0, 1], { ...tight, saves: { own: saveAt({ ts }) } }).saves.own,
    );
    const { t, y, count } = program(f64([0.5, 1.5, 0.25, -1, 1, NaN]));
    expect(numbers(t)).toEqual([0.5, NaN, 0.25, NaN, 1, NaN]);
    close(
      [0, 2, 4].map((i) => numbers(y)[i]!),
      [Math.exp(-0.5), Math.exp(-0.25), Math.exp(-1)],
      1e-9,
    );
    expect([count.itemSync(), numbers(y).filter(Number.isNaN).length]).toEqual([3, 3]);
  });

  test("end where the solve does", () => {
    const stop = event<Tensor>((_t, y) => y.sub(0.5));
    const ended = odeint(decay, f64(1), [0, 1, 2], {
      ...tight,
      events: [stop],
      saves: { own: saveAt({ ts: [0.1, 0.6, 0.9] }) },
    });
    close(ended.saves.own.t, [0.1, 0.6], 0);
    close(ended.saves.own.y, [Math.exp(-0.1), Math.exp(-0.6)], 1e-9);
    expect(numbers(ended.ys)).toEqual([1]);
    const blown = odeint((_t, y: Tensor) => y.mul(y), f64(1), [0, 2], {
      throw: false,
      saves: { own: saveAt({ ts: [0.5, 1.5] }) },
    });
    expect(blown.saves.own.count.itemSync()).toBe(1);
    close(blown.saves.own.y, [2], 1e-5);
  });
});

test("saves that are none are refused", () => {
  const refused = (made: () => unknown, options: object = {}) =>
    expect(() => odeint(decay, f64(1), [0, 1], { ...options, saves: made() } as never));
  const none = (options: unknown) => refused(() => ({ a: saveAt(options as never) }));
  refused(() => []).toThrow(
    new TypeError("odeint: saves is an array; give an object of saves by name, as in { all: saveAt({ every: 1 }) }"),
  );
  refused(() => saveAt({ every: 1 })).toThrow("odeint: saves.kind is no save");
  for (const plain of [{ every: 1 }, { ts: [0.5] }, null, undefined, 3])
    refused(() => ({ all: saveAt({ every: 1 }), a: plain })).toThrow(
      new TypeError("odeint: saves.a is no save; make it with saveAt({ every: n }) or saveAt({ ts })"),
    );
  const along = quadrature((_t, y: Tensor) => y);
  expect(() => along(decay, f64(1), [0, 1], { saves: { a: { every: 1 } } } as never)).toThrow(
    "odeint: saves.a is no save",
  );
  none({ evry: 1 }).toThrow("saveAt: unknown option evry; did you mean every?");
  none({}).toThrow("saveAt: there is neither every nor ts");
  none({ every: 1, ts: [0] }).toThrow("saveAt: there is both every and ts");
  none({ every: 0 }).toThrow("saveAt: every is 0; give a positive integer");
  none({ every: 1, capacity: 1.5 }).toThrow("saveAt: capacity is 1.5; give a positive integer");
  none({ ts: [0], capacity: 1 }).toThrow("saveAt: capacity is for every");
  none({ ts: 0.5 }).toThrow("saveAt: ts is 0.5; give an array or a tensor of times");
  none({ every: 1, of: 3 }).toThrow("saveAt: of is 3; give a function");
  none({ ts: [0.5, 0.2] }).toThrow("odeint: saves.a: ts goes from 0.5 to 0.2, against the solve's");
  none({ ts: [0.5, 0.7, 0.6] }).toThrow("odeint: saves.a: ts[2] = 0.6 is not after");
  none({ ts: [2] }).toThrow("odeint: saves.a: t = 2 is outside the solve's [0, 1]");
  none({ ts: [] }).toThrow("odeint: saves.a: ts is empty");
  const steps = () => ({ a: saveAt({ every: 1 }) });
  refused(steps, { adjoint: backsolve() }).toThrow(
    "odeint: saves.a is of steps, of which backsolve has no gradients; use discretize()",
  );
  refused(steps, { adjoint: reversible(), solver: rk4, dt0: 0.1 }).toThrow("use discretize()");
  expect(() => integrator(decay, f64(1), 0, { saves: {} } as never)).toThrow("unknown option saves");
});

test("a save is frozen, and serves any number of solves", () => {
  const all = saveAt({ every: 1, of: (_t, y: Tensor) => y.mul(2) });
  expect(Object.isFrozen(all)).toBe(true);
  const [one, two] = [f64(1), f64([1, 2])].map((y0) => odeint(decay, y0, [0, 1], { saves: { all, again: all } }).saves);
  for (const { all: first, again } of [one!, two!]) expect(numbers(first.y)).toEqual(numbers(again.y));
  expect([one!.all.y.ndim, two!.all.y.ndim]).toEqual([1, 2]);
});

import { grad, hvp, jacfwd, jacrev, jvp, vmap } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, tree, where, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  backsolve,
  discretize,
  dop853,
  event,
  forwardSensitivity,
  interpolating,
  odeint,
  type OdeintOptions,
  rk4,
  type SolveEvent,
} from "../src/index";
import data from "./data/events.json";
import { relative } from "./support/adjoint-cases";
import { at, close, f64, first, last, numbers } from "./support/numbers";
import { crest, doses, field, p, times, ts, wall, y0 } from "./support/kicked-oscillator";

const tight = { solver: dop853, rtol: 1e-11, atol: 1e-12 };
const falling = (_t: Tensor, y: Tensor, g: Tensor): Tensor => stack([at(y, 1), g.neg()]);
const height = (_t: Tensor, y: Tensor): Tensor => at(y, 0);
const reference = (id: string): never => data.cases.find((one) => one.id === id) as never;
const adjoints: readonly [string, Adjoint][] = [
  ["interpolating", interpolating()],
  ["backsolve", backsolve()],
  ["forwardSensitivity", forwardSensitivity()],
];

describe.each(adjoints)("by %s, the reference", (_name, adjoint) => {
  test("of a ball: derivatives of all its impacts and of the state behind them", () => {
    const ball = reference("bouncing-ball-10-0.75") as {
      impacts: string[];
      d_impact_dparams: string[][];
      d_state_dparams: string[][];
      T: number;
    };
    const bounce = (p: Tensor) =>
      odeint((t: Tensor, y: Tensor, q: Tensor) => falling(t, y, at(q, 2)), stack([at(p, 0), at(p, 1)]), [0, ball.T], {
        ...tight,
        args: p,
        adjoint,
        events: [
          event(height, {
            direction: "down",
            reset: (_t, y: Tensor, q: Tensor) => stack([at(y, 0).mul(0), at(y, 1).mul(at(q, 3)).neg()]),
          }) as SolveEvent,
        ],
      });
    const { impacts, state } = compile((p: Tensor) => ({
      impacts: jacrev((q: Tensor) => first(bounce(q).events[0]!.t, 6))(p),
      state: jacrev((q: Tensor) => last(bounce(q).ys))(p),
    }))(f64([10, 0, 9.8125, 0.75]));
    close(impacts, ball.d_impact_dparams.flat(), 1e-7);
    close(state, ball.d_state_dparams.flat(), 1e-7);
  });

  test("of a terminal event: its time, and the state then, which all later rows hold", () => {
    const { dt_dy0 } = reference("diffrax-doc-ball") as Record<string, string>;
    const drop = (h: Tensor) =>
      odeint(falling, stack([h, f64(0)]), [0, 1, 2, 3], { ...tight, args: f64(8), adjoint, events: [event(height)] });
    const { ofTime, ofRows, ofTimes } = compile((h: Tensor) => ({
      ofTime: grad((x: Tensor) => at(drop(x).events[0]!.t, 0))(h),
      ofRows: grad((x: Tensor) => drop(x).ys.slice([2], [4]).sum())(h),
      ofTimes: grad((x: Tensor) => drop(x).ts.sum())(h),
    }))(f64(10));
    close(ofTime, [dt_dy0!], 1e-10);
    // v = −√(2gh), in two rows.
    close(ofRows, [-2 * Math.sqrt(8 / 20)], 1e-9);
    close(ofTimes, [2 * Number(dt_dy0!)], 1e-9);
  });

  test("of a field that switches: saltation", () => {
    const c = reference("switched-1") as Record<"A1" | "A2" | "R", number[][]> &
      Record<"n" | "y0", number[]> &
      Record<"c" | "T", number> &
      Record<"dt_event_dy0", string[]> &
      Record<"dyT_dy0", string[][]>;
    type State = { y: Tensor; mode: Tensor };
    const field = (_t: Tensor, { y, mode }: State) => ({
      y: where(mode.greater(0.5), f64(c.A2).matmul(y), f64(c.A1).matmul(y)),
      mode: mode.mul(0),
    });
    const surface = (_t: Tensor, { y, mode }: State): Tensor => where(mode.greater(0.5), 1, y.dot(f64(c.n)).sub(c.c));
    const reset = (_t: Tensor, { y }: State) => ({ y: f64(c.R).matmul(y), mode: f64(1) });
    const { time, state } = compile((start: Tensor) => {
      const solve = (y0: Tensor) =>
        odeint(field, { y: y0, mode: f64(0) }, [0, c.T], {
          ...tight,
          adjoint,
          events: [event<State>(surface, { reset })],
        });
      return {
        time: grad((y: Tensor) => at(solve(y).events[0]!.t, 0))(start),
        state: jacrev((y: Tensor) => last(solve(y).ys.y))(start),
      };
    })(f64(c.y0));
    close(time, c.dt_event_dy0, 1e-7);
    close(state, c.dyT_dy0.flat(), 1e-7);
  });

  test("of doses: each acts by how long ago it was, and by how large it is", () => {
    const { dose_times, dose, T } = reference("dosing-times") as { dose_times: number[]; dose: number; T: number };
    const k = 0.35;
    const end = (times: Tensor, size: Tensor): Tensor => {
      const given = event({ at: times, reset: (_t, y: Tensor) => y.add(size) });
      const decay = (_t: Tensor, y: Tensor): Tensor => y.mul(-k);
      return odeint(decay, f64([0]), [0, T], { ...tight, adjoint, events: [given] })
        .ys.slice([1], [2])
        .sum();
    };
    const [ofTimes, ofSize] = grad(end, [0, 1])(f64(dose_times), f64(dose));
    const left = dose_times.map((t) => Math.exp(-k * (T - t)));
    close(
      ofTimes,
      left.map((x) => k * dose * x),
      1e-9,
    );
    close(ofSize, [left.reduce((a, b) => a + b)], 1e-9);
  });
});

/** All that a solve with these events says, as one number. */
function told(adjoint: Adjoint, more: OdeintOptions<Tensor> = {}) {
  return (p: Tensor, y0: Tensor, ts: Tensor, times: Tensor): Tensor => {
    const events = [doses(times), wall, crest] as unknown as SolveEvent[];
    const found = odeint(field, y0, ts, { rtol: 1e-9, atol: 1e-9, args: p, adjoint, events, ...more });
    const each = found.events.map(({ t, y }) => where(t.equal(t), t.add(y.sum([y.ndim - 1])), 0).sum());
    return found.ys
      .square()
      .sum()
      .add(each.reduce((a, b) => a.add(b.mul(0.7))));
  };
}

describe.each(adjoints)("%s agrees with discretize", (_name, adjoint) => {
  const same = (of: (adjoint: Adjoint) => unknown, bound = 1e-6): void => {
    const [found, expected] = [adjoint, discretize()].map((one) =>
      (tree.leaves(of(one) as never) as Tensor[]).flatMap(numbers),
    );
    expect(relative(found!, expected!)).toBeLessThan(bound);
  };

  test("for parameters of the field, of conditions and of resets, the state, all times and those of doses", () => {
    same((adjoint) => compile(grad(told(adjoint), [0, 1, 2, 3]))(p, y0, ts, times));
  });

  test("for any oscillator, at any times", () => {
    const of = (adjoint: Adjoint) => compile(grad(told(adjoint), [0, 1, 2, 3]));
    const [found, expected] = [of(adjoint), of(discretize())];
    const size = fc.double({ min: 0.5, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(size, size, size), fc.tuple(size, size), size, (a, b, c) => {
        const ins = [f64([1 + a[0], a[1], a[2]]), f64(b), ts.mul(f64(c)), times.mul(f64(b[0]))] as const;
        same((one) => (one === adjoint ? found : expected)(...ins), 1e-5);
      }),
      { numRuns: 12, seed: 4 },
    );
  });

  test("for steps of one length, and backwards in time", () => {
    same((adjoint) => grad(told(adjoint, { solver: rk4, dt0: 2 ** -8 }))(p, y0, ts, times), 1e-6);
    const back = f64([5, 3, 2, 0.5]);
    same((adjoint) => grad(told(adjoint), [0, 1, 2, 3])(p, y0, back, times));
  });

  test("for many at once, each with events of its own", () => {
    const ps = stack([p, p.mul(1.1), p.mul(f64([1, 2, 3]))]);
    same((adjoint) => compile(vmap((q: Tensor) => grad(told(adjoint))(q, y0, ts, times)))(ps));
    const starts = f64([
      [0.2, 1],
      [0.9, 0.1],
      [-1, 0.5],
    ]);
    same((adjoint) => grad(told(adjoint, { batch: "independent" }), [0, 1])(p, starts, ts, times));
  });

  test("for second derivatives", () => {
    same(
      (adjoint) => compile((q: Tensor) => hvp((x: Tensor) => told(adjoint)(x, y0, ts, times), q, f64([1, -1, 0.5])))(p),
      1e-5,
    );
  });

  test("for second derivatives by times, where an output and a dose coincide too", () => {
    const by = (adjoint: Adjoint) => (ts: Tensor, times: Tensor) => {
      const [ofTs, ofTimes] = grad(told(adjoint), [2, 3])(p, y0, ts, times);
      return ofTs
        .mul(f64([0.2, -0.3, 0.5, 1, 0.7]))
        .sum()
        .add(ofTimes.mul(f64([0.3, -0.2])).sum());
    };
    same((adjoint) => compile(grad(by(adjoint), [0, 1]))(ts, times), 1e-5);
  });

  test("where a bool ends the solve, whose time is a constant", () => {
    const high = event<Tensor, Tensor>((_t, y) => at(y, 0).greater(0.8));
    same((adjoint) =>
      grad(
        (q: Tensor, start: Tensor) =>
          odeint(field, start, ts, { rtol: 1e-9, atol: 1e-9, args: q, adjoint, events: [high as never] }).ys.sum(),
        [0, 1],
      )(p, y0),
    );
  });

  test("on the oracle as on wasm", () => {
    const gradient = (): number[] =>
      grad(told(adjoint, { rtol: 1e-3, atol: 1e-3 }), [0, 1])(
        f64([1.7, 0.3, 0.6]),
        f64([0.2, 1]),
        f64([0, 1]),
        f64([0.5, 0.7]),
      ).flatMap(numbers);
    expect(relative(withTarget(js(), gradient), gradient())).toBeLessThan(1e-10);
  });
});

test("forwardSensitivity has forward mode: states, events, and times that a terminal event moves", () => {
  const all = (adjoint: Adjoint, ends: boolean) => (p: Tensor, y0: Tensor, ts: Tensor, times: Tensor) => {
    const stop = event<Tensor, Tensor>((_t, y, p) => at(y, 0).sub(at(p, 2)), { terminal: true, direction: "up" });
    const events = [doses(times), ends ? stop : wall, crest] as unknown as SolveEvent[];
    const found = odeint(field, y0, ts, { rtol: 1e-9, atol: 1e-9, args: p, adjoint, events });
    return [found.ys, found.ts, ...found.events.flatMap(({ t, y }) => [t, y])].map((x) => where(x.equal(x), x, 0));
  };
  const tangents = [f64([0.4, -1, 0.3]), f64([1, 0.5]), f64([0.2, -0.3, 0.5, 1, 0.7]), f64([0.3, -0.2])] as const;
  for (const ends of [false, true]) {
    const [found, expected] = [forwardSensitivity(), discretize()].map((adjoint) =>
      compile((p: Tensor) => jvp(all(adjoint, ends), [p, y0, ts, times], tangents)[1])(p).flatMap(numbers),
    );
    expect(expected!.filter((x) => x !== 0).length).toBeGreaterThan(ends ? 12 : 20);
    expect(relative(found!, expected!)).toBeLessThan(1e-6);
    const gradients = jacfwd((q: Tensor) => all(forwardSensitivity(), ends)(q, y0, ts, times)[0]!)(p);
    const others = jacrev((q: Tensor) => all(forwardSensitivity(), ends)(q, y0, ts, times)[0]!)(p);
    expect(relative(numbers(gradients), numbers(others))).toBeLessThan(1e-7);
  }
});

import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, js, stack, tensor, type Tensor, wasm, where, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backsolve,
  cdeint,
  constant,
  ddeint,
  dop853,
  event,
  linearPath,
  odeint,
  pid,
  quadrature,
  radau5,
  rk4,
  rodas5p,
  tsit5,
  vern9,
} from "../src/index";
import { at, close, f64, first, last, numbers } from "./support/numbers";

const grow = (_t: Tensor, y: Tensor): Tensor => y.mul(0.5);
const exact = (t: number, order: number): number => 0.5 ** order * Math.exp(0.5 * t);
const times = [0, 0.013, 0.5, 1.21, 2];

describe("derivatives of the dense output", () => {
  test.each([tsit5, dop853, vern9, radau5, rodas5p])("of $name are those of the solution", (solver) => {
    const { at } = odeint(grow, f64(1), [0, 2], { solver, rtol: 1e-10, atol: 1e-12 });
    [1, 2, 3].forEach((derivative, k) => {
      const tolerance = [1e-6, 1e-4, 2e-2][k]!;
      close(
        at(times, { derivative }),
        times.map((t) => exact(t, derivative)),
        tolerance,
      );
    });
  });

  test("are those of the polynomial that the state follows within a step, of any order", () => {
    // Of a polynomial of degree 4 a derivative is a combination of five values, and the fifth is 0.
    const solution = odeint(grow, f64([1, -2]), [0, 1], { controller: constant({ dt: 1 }) });
    const nodes = [0, 0.25, 0.5, 0.75, 1];
    const found = numbers(solution.at(nodes)).filter((_, i) => i % 2 === 0);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 5 }), (t, derivative) => {
        const rate = numbers(solution.at(t, { derivative }));
        const expected = nodes.reduce((sum, _, i) => sum + found[i]! * lagrange(nodes, i, t, derivative), 0);
        close(rate, [expected, -2 * expected], 1e-10);
      }),
      { numRuns: 20 },
    );
  });

  test("of a cubic solution are exact, for any cubic and any times", () => {
    const part = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        fc.tuple(part, part, part, part),
        fc.array(part, { minLength: 1, maxLength: 5 }),
        ([a, b, c, d], ts) => {
          const slope = (t: Tensor, y: Tensor): Tensor =>
            y
              .mul(0)
              .add(t.mul(t).mul(3 * a))
              .add(t.mul(2 * b))
              .add(c);
          const { at } = odeint(slope, f64(-27 * a + 9 * b - 3 * c + d), [-3, 3], {
            controller: constant({ dt: 0.7 }),
          });
          const rows = (derivative: number): number[] => numbers(at(ts, { derivative }));
          close(
            rows(0),
            ts.map((t) => ((a * t + b) * t + c) * t + d),
            1e-10,
          );
          close(
            rows(1),
            ts.map((t) => (3 * a * t + 2 * b) * t + c),
            1e-10,
          );
          close(
            rows(2),
            ts.map((t) => 6 * a * t + 2 * b),
            1e-9,
          );
          close(
            rows(3),
            ts.map(() => 6 * a),
            1e-8,
          );
        },
      ),
      { numRuns: 12 },
    );
  });

  test("of one time or many, backwards in time, and of trees", () => {
    const field = (_t: Tensor, { q, p }: { q: Tensor; p: Tensor }) => ({ q: p, p: q.neg() });
    const back = odeint(field, { q: f64([0]), p: f64([1]) }, [1, -1], { solver: vern9, rtol: 1e-11, atol: 1e-11 });
    const one = back.at(0.25, { derivative: 2 });
    expect(one.q.shape).toEqual([1]);
    close(one.q, [-Math.sin(0.25 - 1)], 1e-6);
    const many = back.at([1, -1, 0.25], { derivative: 2 });
    expect(many.p.shape).toEqual([3, 1]);
    close(many.p, [-1, -Math.cos(-2), -Math.cos(-0.75)], 1e-6);
  });

  test("keep the dtypes of the state", () => {
    const dose = event<{ a: Tensor; b: Tensor }>({ at: [1], reset: (_t, y) => y });
    const field = (_t: Tensor, { a, b }: { a: Tensor; b: Tensor }) => ({ a: a.neg(), b: b.neg() });
    for (const events of [[], [dose]]) {
      const { at } = odeint(field, { a: tensor(1), b: f64(2) }, [0, 2], { rtol: 1e-9, events });
      const found = at([0.5, 1], { derivative: 1 });
      expect([found.a.dtype, found.b.dtype]).toEqual(["float32", "float64"]);
      close(found.a, [-Math.exp(-0.5), -Math.exp(-1)], 1e-5);
      close(found.b, [-2 * Math.exp(-0.5), -2 * Math.exp(-1)], 1e-5);
    }
  });

  test("agree on all targets, compiled, of many trajectories", () => {
    const rates = (y0: Tensor): Tensor =>
      odeint(grow, y0, [0, 2], { batch: "independent", rtol: 1e-9, atol: 1e-9 }).at(times, { derivative: 2 });
    const expected = times.flatMap((t) => [exact(t, 2), -3 * exact(t, 2)]);
    for (const target of [js(), wasm()])
      withTarget(target, () => {
        close(rates(f64([1, -3])), expected, 1e-3);
        close(numbers(compile(rates)(f64([1, -3]))), numbers(rates(f64([1, -3]))), 1e-12);
      });
    const [onJs, onWasm] = [js(), wasm()].map((target) => withTarget(target, () => numbers(rates(f64([1, -3])))));
    close(onJs!, onWasm!, 1e-9);
    const each = vmap((y0: Tensor) => odeint(grow, y0, [0, 2], { rtol: 1e-9, atol: 1e-9 }).at(0.5, { derivative: 1 }));
    close(each(f64([1, -3])), [exact(0.5, 1), -3 * exact(0.5, 1)], 1e-6);
  });

  test("are differentiable by y0, args, and times, by which they are the next derivative", () => {
    const field = (_t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k);
    const rate = (y0: Tensor, k: Tensor, t: Tensor, derivative = 1): Tensor =>
      odeint(field, y0, [0, 1], { args: k, solver: vern9, controller: constant({ dt: 0.25 }) })
        .at(stack([t]), { derivative })
        .sum();
    const [y0, k, t] = [f64(1.5), f64(0.7), f64(0.4)];
    const growth = Math.exp(0.28);
    const gradients = grad(rate, [0, 1, 2])(y0, k, t).map((x) => x.itemSync());
    close(gradients, [0.7 * growth, 1.5 * growth * (1 + 0.28), 1.5 * 0.49 * growth], 1e-7);
    const [, second] = jvp((s: Tensor) => rate(y0, k, s), [t], [f64(1)]);
    close(second, [rate(y0, k, t, 2).itemSync()], 1e-12);
    const continuous = (y0: Tensor): Tensor =>
      odeint(field, y0, [0, 1], { args: k, adjoint: backsolve(), rtol: 1e-9 }).at(0.4, { derivative: 1 });
    close(grad(continuous)(y0), [0.7 * growth], 1e-6);
  });

  test("of steps between jumps, delays, paths and integrals", () => {
    const past = ddeint((_t, _y, [x]) => x!.neg(), f64(1), f64(1), [0, 2], { delays: 1, solver: tsit5 });
    // 1 − t, then 1 − t + (t − 1)²/2.
    close(past.at([0.5, 1.5], { derivative: 1 }), [-1, -0.5], 1e-7);
    close(past.at(1.5, { derivative: 2 }), [1], 1e-5);
    const path = linearPath(f64([0, 1, 2]), f64([[0], [3], [1]]));
    const along = cdeint((_t, y: Tensor) => y.mul(0).add(1).reshape([1, 1]), path, f64([0]), [0, 2]);
    close(along.at([0.5, 1.5], { derivative: 1 }), [3, -2], 1e-9);
    close(along.at([1], { derivative: 1 }), [3], 1e-9);
    close(along.at([1], { derivative: 1, side: "right" }), [-2], 1e-9);
    const cost = quadrature((_t, y: Tensor) => y.mul(y))(grow, f64(1), [0, 1], { rtol: 1e-9, atol: 1e-9 });
    close(cost.integralAt([0.3], { derivative: 1 }), [Math.exp(0.3)], 1e-5);
  });
});

describe("sides", () => {
  const dose = event<Tensor>({ at: [1], reset: (_t, y) => y.add(2) });
  const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
  const tight = { solver: dop853, rtol: 1e-11, atol: 1e-12 } as const;
  const [before, after] = [Math.exp(-1), Math.exp(-1) + 2];

  test("of a reset: left is the state before it, as outputs are, and right the one after", () => {
    const { at, ys } = odeint(decay, f64(1), [0, 1, 3], { ...tight, events: [dose] });
    close(at(1), [before], 1e-9);
    expect(numbers(at(1, { side: "left" }))).toEqual([numbers(ys)[1]]);
    close(at(1, { side: "right" }), [after], 1e-9);
    close(at(1, { side: "left", derivative: 1 }), [-before], 1e-6);
    close(at(1, { side: "right", derivative: 1 }), [-after], 1e-6);
    close(
      at([0, 0.5, 1, 2, 3], { side: "right" }),
      [1, Math.exp(-0.5), after, after / Math.E, after / Math.E ** 2],
      1e-9,
    );
    close(at([2, 1], { side: "right" }), [after / Math.E, after], 1e-9);
  });

  test("are along the solve, backwards in time too", () => {
    const { at } = odeint(decay, f64(1), [2, 0], { ...tight, events: [dose] });
    close(at(1), [Math.E], 1e-9);
    close(at(1, { side: "right" }), [Math.E + 2], 1e-9);
  });

  test("of a root that is found within a step, and of several resets at one time", () => {
    const fall = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).mul(0).sub(10)]);
    const bounce = event<Tensor>((_t, y) => at(y, 0), { direction: "down", reset: (_t, y) => y.mul(f64([0, -1])) });
    const ball = odeint(fall, f64([5, 0]), [0, 2.5], { events: [bounce], rtol: 1e-9, atol: 1e-9 });
    const hit = ball.events[0]!.t.slice([0], [1]);
    close(hit, [1], 1e-9);
    close(ball.at(hit), [0, -10], 1e-7);
    close(ball.at(hit, { side: "right" }), [0, 10], 1e-7);
    close(ball.at(hit, { side: "right", derivative: 1 }), [10, -10], 1e-6);
    const twice = odeint(decay, f64(1), [0, 2], { ...tight, events: [dose, dose] });
    close(twice.at(1, { side: "right" }), [before + 4], 1e-9);
  });

  test("at both ends of the solve, of a reset at its end, and after a terminal event", () => {
    const atEnd = odeint(decay, f64(1), [0, 1], { ...tight, events: [dose] });
    close(atEnd.at([0, 1], { side: "right" }), [1, after], 1e-9);
    close(atEnd.at([0, 1]), [1, before], 1e-9);
    close(atEnd.at([0, 1], { derivative: 1 }), [-1, -before], 1e-6);
    const stop = event<Tensor>((_t, y) => y.sub(0.5));
    const ended = odeint(decay, f64(1), [0, 2], { ...tight, events: [stop] });
    close(ended.at([0.1, 1.5], { side: "right" }), [Math.exp(-0.1), 0.5], 1e-9);
    close(ended.at([0.1, 1.5], { derivative: 1 }), [-Math.exp(-0.1), 0], 1e-6);
  });

  test("of a field that jumps: the state is continuous, its derivative not", () => {
    const kinked = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(where(t.less(0.7), 1, -2));
    const { at } = odeint(kinked, f64(0), [0, 2], { controller: pid({ jumpTs: [0.7] }) });
    close(at(0.7), [0.7], 1e-12);
    close(at(0.7, { side: "right" }), [0.7], 1e-12);
    close(at(0.7, { derivative: 1 }), [1], 1e-9);
    close(at(0.7, { derivative: 1, side: "right" }), [-2], 1e-9);
  });

  test("of many trajectories, steps of one length and from time to time", () => {
    const y0 = f64([1, 3]);
    const many = odeint(decay, y0, [0, 3], { ...tight, events: [dose], batch: "independent" });
    close(many.at([1, 0.5], { side: "right" }), [after, 3 * before + 2, Math.exp(-0.5), 3 * Math.exp(-0.5)], 1e-9);
    for (const controller of [constant({ dt: 0.01 }), constant()]) {
      const { at, ys } = odeint(decay, f64(1), [0, 0.5, 1, 1.5], { solver: rk4, controller });
      const right = at([0, 0.5, 1, 1.5], { side: "right" });
      close(right, numbers(ys), 1e-14);
      expect(last(right).itemSync()).toBe(last(ys).itemSync());
    }
  });

  test("are those of the state to rounding where nothing jumps", () => {
    const solution = odeint(decay, f64([1, -2]), [0, 0.3, 2], { rtol: 1e-6 });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2, noNaN: true }), (t) => {
        close(solution.at(t, { side: "right" }), numbers(solution.at(t)), 2e-15);
      }),
      // A step's polynomial is exact at its end; at its start, here 2, it sums as many terms as there are stages.
      { numRuns: 10, examples: [[0]] },
    );
  });

  test("have gradients", () => {
    const doses = (amount: Tensor): Tensor => {
      const given = event<Tensor>({ at: [1], reset: (_t, y) => y.add(amount) });
      return odeint(decay, f64(1), [0, 3], { ...tight, events: [given] }).at(1, { side: "right" });
    };
    close(grad(doses)(f64(2)), [1], 1e-10);
    close(compile(grad(doses))(f64(2)), [1], 1e-10);
    const continuous = (y0: Tensor): Tensor =>
      odeint(decay, y0, [0, 3], { ...tight, adjoint: backsolve(), events: [dose] }).at(1, { side: "right" });
    close(grad(continuous)(f64(1)), [before], 1e-9);
  });
});

test("what cannot be asked is refused", () => {
  const solution = odeint(grow, f64(1), [0, 2]);
  expect(() => solution.at(1, { derivative: -1 })).toThrow("at: derivative is -1; give a whole number of times");
  expect(() => solution.at(1, { derivative: 0.5 })).toThrow(RangeError);
  expect(() => solution.at(1, { side: "up" as never })).toThrow('at: side is "up"; give "left" or "right"');
  expect(() => solution.at(1, { derivatives: 1 } as never)).toThrow("did you mean derivative?");
  expect(() => solution.at(3, { derivative: 1 })).toThrow("outside the solve's [0, 2]");
  expect(() => odeint(grow, f64(1), [0]).at(0, { derivative: 1 })).toThrow("a solve at one time has no derivatives");
  expect(numbers(first(odeint(grow, f64(1), [0]).at([0], { side: "right" }), 1))).toEqual([1]);
  expect(() => odeint(grow, tensor(1), [0, 1], { dense: false }).at(0, { derivative: 1 })).toThrow("dense: false");
});

/** The derivative of some order at t of the polynomial that is 1 at a node and 0 at the others. */
function lagrange(nodes: readonly number[], i: number, t: number, order: number): number {
  let coefficients = [1];
  for (const [j, node] of nodes.entries()) {
    if (j === i) continue;
    const scale = 1 / (nodes[i]! - node);
    const up = [0, ...coefficients];
    coefficients = up.map((c, k) => scale * (c - node * (coefficients[k] ?? 0)));
  }
  for (let n = 0; n < order; n++) coefficients = coefficients.map((c, k) => c * k).slice(1);
  return coefficients.reduceRight((sum, c) => sum * t + c, 0);
}

import { grad, vmap } from "@dzdt/autograd";
import { compile, stack, type Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backsolve,
  ddeint,
  event,
  integrator,
  interpolating,
  odeint,
  type OdeintOptions,
  rk4,
  rodas5p,
  tsit5,
} from "../src/index";
import { f64, last, numbers } from "./support/numbers";
import { argsOf, choosing, field, fields, triple } from "./support/random-fields";

const options = { rtol: 1e-6, atol: 1e-6 };

describe.each(choosing)("$name", (solver) => {
  test("goes on from what was saved as if it had not been stopped, bit for bit", () => {
    fc.assert(
      fc.property(fields, triple, fc.double({ min: 0.2, max: 1, noNaN: true }), (n, y0, middle) => {
        const make = (start: readonly number[]) =>
          integrator(field, f64([...start]), 0, { ...options, solver, args: argsOf(n) });
        const whole = make([...y0, 0]);
        whole.step();
        const halfway = whole.advance(middle);
        const saved = whole.save();
        const end = whole.advance(2);
        // Another, which knows nothing but what was saved.
        const other = make([0, 0, 0, 0]);
        other.restore(saved);
        expect(numbers(other.y)).toEqual(numbers(halfway));
        expect(numbers(other.advance(2))).toEqual(numbers(end));
        expect(other.t).toBe(2);
      }),
      { numRuns: 3 },
    );
  });
});

/** An error of the user's own. */
class Mistake extends RangeError {}

describe("a field that throws while it is traced", () => {
  const y0 = f64([1, 0.5]);
  const good = (_t: Tensor, y: Tensor): Tensor => y.sin().neg();
  const mistake = new Mistake("the field's own words");
  /** Throws at its n-th call. */
  const bad = (n: number) => {
    let calls = 0;
    return (t: Tensor, y: Tensor): Tensor => {
      calls += 1;
      if (calls >= n) throw mistake;
      return good(t, y);
    };
  };
  const thrown = (call: () => unknown): unknown => {
    try {
      call();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const solve = (field: (t: Tensor, y: Tensor) => Tensor, more: OdeintOptions = {}, y = y0): Tensor =>
    last(odeint(field, y, [0, 1, 2], { ...options, ...more }).ys);

  test.each(choosing)("leaves $name as it was, and the error untouched", (solver) => {
    const before = numbers(solve(good, { solver }));
    expect(thrown(() => solve(bad(1), { solver }))).toBe(mistake);
    expect(thrown(() => integrator(bad(1), y0, 0, { solver }).step())).toBe(mistake);
    expect(numbers(solve(good, { solver }))).toEqual(before);
  });

  test.each<[string, OdeintOptions]>([
    ["discretize", { solver: tsit5 }],
    ["interpolating", { solver: rodas5p, adjoint: interpolating() }],
    ["backsolve", { solver: tsit5, adjoint: backsolve() }],
    ["steps of one length", { solver: rk4, dt0: 0.1 }],
  ])("inside compile, grad and vmap, with %s", (_name, more) => {
    const end =
      (field: (t: Tensor, y: Tensor) => Tensor) =>
      (y: Tensor): Tensor =>
        solve(field, more, y).sum();
    const ways: ((f: (y: Tensor) => Tensor) => Tensor)[] = [
      (f) => compile(f)(y0),
      (f) => grad(f)(y0),
      (f) => vmap(f)(stack([y0, y0])),
      (f) => compile(grad(f))(y0),
    ];
    for (const way of ways) {
      const before = numbers(way(end(good)));
      expect(thrown(() => way(end(bad(1))))).toBe(mistake);
      expect(numbers(way(end(good)))).toEqual(before);
      // A compiled function that threw is traced anew.
      const later = compile((y: Tensor) => end(twice)(y));
      const twice = once(good);
      expect(thrown(() => later(y0))).toBe(mistake);
      expect(numbers(later(y0))).toEqual(numbers(compile(end(good))(y0)));
    }
  });

  /** Throws at its first call only. */
  function once(field: typeof good): typeof good {
    let calls = 0;
    return (t, y) => {
      calls += 1;
      if (calls === 1) throw mistake;
      return field(t, y);
    };
  }

  test("and so do conditions, resets, Jacobians and histories", () => {
    const raise = (): never => {
      throw mistake;
    };
    const before = numbers(solve(good));
    expect(thrown(() => solve(good, { events: [event(raise)] }))).toBe(mistake);
    expect(thrown(() => solve(good, { events: [event({ at: [1], reset: raise })] }))).toBe(mistake);
    expect(thrown(() => solve(good, { solver: rodas5p, jacobian: raise }))).toBe(mistake);
    expect(thrown(() => ddeint(good, raise, y0, [0, 1], { delays: 1 }))).toBe(mistake);
    expect(thrown(() => ddeint(good, y0, y0, [0, 1], { delays: raise }))).toBe(mistake);
    expect(numbers(solve(good))).toEqual(before);
  });
});

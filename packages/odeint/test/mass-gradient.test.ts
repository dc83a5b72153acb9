import { grad, hvp, jvp, vmap } from "@dzdt/autograd";
import { compile, stack, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  discretize,
  event,
  forwardSensitivity,
  interpolating,
  odeint,
  type OdeintOptions,
  rodas5p,
} from "../src/index";
import { continuousAdjoints, flat, relative } from "./support/adjoint-cases";
import { at, f64, numbers } from "./support/numbers";

const tight = { rtol: 1e-9, atol: 1e-11 };

describe("derivatives with respect to the mass matrix", () => {
  const field = (t: Tensor, y: Tensor, q: Tensor): Tensor =>
    stack([at(y, 1).sub(at(y, 0).mul(at(q, 0))), at(y, 0).mul(at(q, 1)).sin().add(t.mul(0.1)).sub(at(y, 1))]);
  const kick = event<Tensor, Tensor>((_t, y) => at(y, 0).sub(0.7), {
    direction: "down",
    reset: (_t, y, q) => y.add(at(q, 1)),
  });
  const solve =
    (adjoint: Adjoint, more: OdeintOptions<Tensor> = {}) =>
    (mass: Tensor, p: Tensor, ts: Tensor) =>
      odeint(field, f64([1, 0.2]), ts, { solver: rodas5p, ...tight, args: p, mass, adjoint, ...more });
  const loss =
    (adjoint: Adjoint, more?: OdeintOptions<Tensor>) =>
    (mass: Tensor, p: Tensor, ts: Tensor): Tensor =>
      solve(adjoint, more)(mass, p, ts).ys.square().sum();
  const mass = f64([
    [2, 0.5],
    [-0.3, 1],
  ]);
  const direction = f64([
    [0.3, -0.2],
    [1, 0.4],
  ]);
  const [p, ts] = [f64([1.6, 0.4]), f64([0, 0.6, 2])];
  const same = (of: (adjoint: Adjoint) => unknown, adjoint: Adjoint, bound = 1e-7): void =>
    expect(relative(flat(of(adjoint)), flat(of(discretize())))).toBeLessThan(bound);

  describe.each(continuousAdjoints)("by %s", (_name, adjoint) => {
    test("are those of the steps, for many at once and across events", () => {
      same(
        (adjoint) => compile(vmap((m: Tensor) => grad(loss(adjoint))(m, p, ts)))(stack([mass, mass.mul(2)])),
        adjoint,
      );
      const events = [kick, event({ at: ts.slice([1], [2]), reset: (_t, y: Tensor) => y.mul(1.1) })] as never[];
      same((adjoint) => grad(loss(adjoint, { events }))(mass, p, ts), adjoint);
    });

    test("of gradients with respect to it, parameters and times", () => {
      const along = (adjoint: Adjoint) => (m: Tensor, p: Tensor, ts: Tensor) =>
        grad(loss(adjoint))(m, p, ts).mul(direction).sum();
      same((adjoint) => compile((m: Tensor) => grad(along(adjoint), [0, 1, 2])(m, p, ts))(mass), adjoint, 1e-6);
    });

    test("are an error where it is singular, or NaN", () => {
      const gone = f64([
        [1, 0],
        [0, 0],
      ]);
      // A field whose algebraic equation holds at the start.
      const ofMass = (options: OdeintOptions<Tensor>): Tensor =>
        grad((mass: Tensor) =>
          odeint((_t, y: Tensor) => stack([at(y, 0).neg(), at(y, 0).mul(0.2).sub(at(y, 1))]), f64([1, 0.2]), ts, {
            solver: rodas5p,
            mass,
            adjoint,
            ...(options as object),
          }).ys.sum(),
        )(gone);
      expect(() => ofMass({})).toThrow(/odeint: the mass matrix is singular, and adjoints that/);
      expect(numbers(ofMass({ throw: false }))).toEqual([NaN, NaN, NaN, NaN]);
    });
  });

  test("are those of the sensitivities in forward mode", () => {
    same((adjoint) => jvp((m: Tensor) => solve(adjoint)(m, p, ts).ys, [mass], [direction])[1], forwardSensitivity());
  });
});

test("forwardSensitivity with a mass matrix has forward mode", () => {
  const scaled = (k: Tensor) =>
    odeint((_t, y: Tensor) => y.mul(k), f64([1]), [0, 1], {
      solver: rodas5p,
      ...tight,
      mass: f64([[2]]),
      adjoint: forwardSensitivity(),
    }).ys;
  const [, slope] = jvp(scaled, [f64(-1)], [f64(3)]);
  expect(relative(numbers(slope), [0, 1.5 * Math.exp(-0.5)])).toBeLessThan(1e-8);
});

test("where M is singular second derivatives by times are those of the steps, also at an output and an event of one time", () => {
  const field = (t: Tensor, y: Tensor): Tensor =>
    stack([at(y, 1).sub(at(y, 0)), at(y, 0).mul(0.4).sin().add(t.mul(0.1)).sub(at(y, 1))]);
  /** A state that the algebraic equation allows. */
  const allowed = (t: Tensor, x: Tensor): Tensor => stack([x, x.mul(0.4).sin().add(t.mul(0.1))]);
  const mass = f64([
    [1, 0],
    [0, 0],
  ]);
  const second = (adjoint: Adjoint): number[] => {
    const loss = (ts: Tensor): Tensor => {
      const dose = event({ at: ts.slice([1], [2]), reset: (t, y: Tensor) => allowed(t, at(y, 0).mul(1.2)) });
      const options = { solver: rodas5p, ...tight, mass, adjoint, events: [dose as never] };
      return odeint(field, allowed(at(ts, 0), f64(1)), ts, options)
        .ys.square()
        .sum();
    };
    return numbers(hvp(loss, f64([0, 0.6, 2]), f64([0.3, 1, -0.5])));
  };
  const expected = second(discretize());
  for (const adjoint of [interpolating(), forwardSensitivity()])
    expect(relative(second(adjoint), expected)).toBeLessThan(1e-6);
});

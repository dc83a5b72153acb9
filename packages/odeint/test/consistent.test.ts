import { grad, jvp } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, tensor, wasm, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  auto,
  backsolve,
  bdf,
  constant,
  event,
  forwardSensitivity,
  gauss4,
  implicitEuler,
  implicitMidpoint,
  integrator,
  interpolating,
  kvaerno5,
  odeint,
  pid,
  radau5,
  rodas4,
  rodas5p,
  rosenbrock23,
  type Solver,
  trbdf2,
} from "../src/index";
import { at, close, f64, last, numbers } from "./support/numbers";

// u′ = −u, 0 = u + v² − p: index 1 while v is not 0.
const field = (_t: Tensor, y: Tensor, p: Tensor): Tensor =>
  stack([at(y, 0).neg(), at(y, 0).add(at(y, 1).square()).sub(p)]);
const mass = f64([
  [1, 0],
  [0, 0],
]);
const args = f64(1);
const exact = (u0: number, t: number, p = 1): number[] => [u0 * Math.exp(-t), Math.sqrt(p - u0 * Math.exp(-t))];
const options = { mass, args, solver: rodas5p, rtol: 1e-8, atol: 1e-10 };

const adaptive: readonly Solver[] = [trbdf2, kvaerno5, rosenbrock23, rodas4, rodas5p, radau5, bdf, auto];

describe("a solve with algebraic equations begins where they hold", () => {
  test.each(adaptive)("by $name", (solver) => {
    const { ys } = odeint(field, f64([0.3, 5]), [0, 1], { ...options, solver, rtol: 1e-6, atol: 1e-8 });
    close(ys.slice([0], [1]), exact(0.3, 0), 1e-14);
    close(last(ys), exact(0.3, 1), 1e-5);
  });

  test.each([implicitEuler, implicitMidpoint, gauss4])("by $name, in steps of one length", (solver) => {
    const controller = constant({ dt: 1 / 64 });
    const { ys } = odeint(field, f64([0.3, 5]), [0, 1], { mass, args, solver, controller });
    close(ys.slice([0], [1]), exact(0.3, 0), 1e-14);
    close(last(ys), exact(0.3, 1), 1e-2);
  });

  test("whatever M is: only what it leaves free changes, and M y does not", () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 18, maxLength: 18 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
        (entries, start) => {
          // M = L diag(1, 1, 0) R, f = L (…, r₃ + r₃³ / 3 − c): regular in r = R y.
          const matrix = (from: number): Tensor =>
            f64([0, 1, 2].map((k) => [0, 1, 2].map((j) => (j === k ? 2 : 0) + 0.4 * entries[from + 3 * k + j]!)));
          const [left, right] = [matrix(0), matrix(9)];
          const singular = left
            .matmul(
              f64([
                [1, 0, 0],
                [0, 1, 0],
                [0, 0, 0],
              ]),
            )
            .matmul(right);
          const law = (r: Tensor): Tensor => at(r, 2).add(at(r, 2).pow(3).div(3)).sub(at(r, 0)).sub(0.3);
          const f = (_t: Tensor, y: Tensor): Tensor => {
            const r = right.matmul(y);
            return left.matmul(stack([at(r, 0).neg(), at(r, 1).neg(), law(r)]));
          };
          const y0 = f64(start);
          const first = odeint(f, y0, [0], { mass: singular, solver: radau5 }).ys.reshape([3]);
          close(singular.matmul(first), numbers(singular.matmul(y0)), 1e-12);
          expect(Math.abs(law(right.matmul(first)).itemSync())).toBeLessThan(1e-12);
        },
      ),
      { numRuns: 25 },
    ));

  test("states that meet them stay bit for bit, as they do where M is regular", () => {
    const y0 = f64(exact(0.3, 0));
    expect(numbers(odeint(field, y0, [0, 1], options).ys).slice(0, 2)).toEqual(numbers(y0));
    const regular = f64([
      [2, 1],
      [0, 1],
    ]);
    expect(numbers(odeint(field, f64([0.3, 5]), [0, 0.01], { ...options, mass: regular }).ys).slice(0, 2)).toEqual([
      0.3, 5,
    ]);
  });

  test("where no state is found it stays, and the solve says what to check", () =>
    expect(() => odeint(field, f64([3, 5]), [0, 1], options)).toThrow(/y0 not meet the algebraic equations/));

  test("each of independent trajectories, on js and wasm", () => {
    for (const target of [js(), wasm()])
      withTarget(target, () => {
        const many = f64([
          [0.3, 5],
          [0.5, 0.1],
        ]);
        const here = {
          ...options,
          mass: f64([
            [1, 0],
            [0, 0],
          ]),
          args: f64(1),
        };
        const { ys } = odeint(field, many, [0, 1], { ...here, batch: "independent" });
        close(ys.slice([0], [1]), [...exact(0.3, 0), ...exact(0.5, 0)], 1e-14);
        close(last(ys), [...exact(0.3, 1), ...exact(0.5, 1)], 1e-7);
      });
  });

  test("in compiled functions, between steps, and stepwise", () => {
    const solve = compile((y: Tensor) => odeint(field, y, [0, 1], options).ys);
    close(solve(f64([0.3, 5])), [...exact(0.3, 0), ...exact(0.3, 1)], 1e-7);
    close(odeint(field, f64([0.3, 5]), [0, 1], options).at(0.5), exact(0.3, 0.5), 1e-7);
    close(integrator(field, f64([0.3, 5]), 0, options).y, exact(0.3, 0), 1e-14);
  });

  test("float32 states too", () => {
    const single = tensor([0.3, 5]);
    const { ys } = odeint(field, single, [0, 1], {
      mass: tensor([
        [1, 0],
        [0, 0],
      ]),
      args: tensor(1),
      solver: rodas5p,
    });
    close(ys.slice([0], [1]), exact(0.3, 0), 2e-7);
  });
});

describe("its derivatives are those of the equations", () => {
  // v(1) = √(p − u₀/e): of the start's v nothing is left.
  const end = exact(0.3, 1)[1]!;
  const [byU, byP] = [-Math.exp(-1) / (2 * end), 1 / (2 * end)];

  test.each([undefined, backsolve(), interpolating(), forwardSensitivity()])("by adjoint %#", (adjoint) => {
    const loss = (y: Tensor, p: Tensor): Tensor =>
      at(last(odeint(field, y, [0, 1], { ...options, args: p, ...(adjoint && { adjoint }) }).ys), 1);
    const [ofY, ofP] = grad(loss, [0, 1])(f64([0.3, 5]), args);
    close(ofY, [byU, 0], 1e-6);
    close(ofP.reshape([1]), [byP], 1e-6);
  });

  test("of the first state, forward and in reverse", () => {
    const first = (p: Tensor): Tensor =>
      at(
        odeint(field, f64([0.3, 5]), [0, 1], { ...options, args: p })
          .ys.slice([0], [1])
          .reshape([2]),
        1,
      );
    const expected = 1 / (2 * Math.sqrt(0.7));
    expect(grad(first)(args).itemSync()).toBeCloseTo(expected, 12);
    expect(jvp(first, [args], [f64(1)])[1].itemSync()).toBeCloseTo(expected, 12);
  });
});

describe("and goes on where they hold", () => {
  test("after resets", () => {
    const dose = event<Tensor, Tensor>({ at: [0.5], reset: (_t, y) => stack([at(y, 0).add(0.2), at(y, 1)]) });
    const { ys } = odeint(field, f64([0.3, 5]), [0, 1], { ...options, events: [dose] });
    close(last(ys), exact(0.3 * Math.exp(-0.5) + 0.2, 0.5), 1e-7);
  });

  test("after jumps of the field", () => {
    const stepped = (t: Tensor, y: Tensor, p: Tensor): Tensor =>
      field(t, y, p.add(t.greater(0.5).cast("float64").mul(3)));
    for (const solver of [rodas5p, radau5, bdf]) {
      const { ys } = odeint(stepped, f64([0.3, 5]), [0, 0.25, 1], {
        ...options,
        solver,
        controller: pid({ jumpTs: [0.5] }),
      });
      close(last(ys), exact(0.3, 1, 4), 1e-6);
    }
  });
});

import { grad, hvp, jvp, vjp, vmap } from "@dzdt/autograd";
import { compile, cond, fori, js, matmul, stack, tensor, type Tensor, tree, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  backsolve,
  constant,
  discretize,
  event,
  forwardSensitivity,
  hamiltonian,
  interpolating,
  kvaerno3,
  leapfrog,
  makeReversible,
  odeint,
  type OdeintOptions,
  reversible,
  reversibleHeun,
  rk4,
  separable,
  tao,
  tsit5,
} from "../src/index";
import { f64, numbers, relative } from "./support/adjoint-cases";

const continuous: readonly [string, Adjoint][] = [
  ["backsolve", backsolve()],
  ["interpolating", interpolating()],
  ["forwardSensitivity", forwardSensitivity()],
];
const field = (t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k).sin().add(t.cos()).sub(y.square().mul(0.1));
const options = { rtol: 1e-8, atol: 1e-8 };
const flat = (x: unknown): number[] => tree.leaves(x as Tensor).flatMap((leaf) => numbers(leaf as Tensor));

describe.each(continuous)("%s agrees with discretize", (_, adjoint) => {
  const close = (gradient: (adjoint: Adjoint) => unknown, bound = 1e-6): void => {
    const expected = flat(gradient(discretize()));
    expect(relative(flat(gradient(adjoint)), expected)).toBeLessThan(bound);
  };

  test("for trees, captured weights, several dtypes and decreasing times", () => {
    const w = f64([
      [0.3, -0.5],
      [0.7, 0.2],
    ]);
    close((adjoint) =>
      grad((weights: { w: Tensor; y0: { a: Tensor; b: Tensor } }) => {
        const { ys } = odeint(
          (_t, { a, b }: { a: Tensor; b: Tensor }) => ({ a: matmul(weights.w, a).tanh(), b: b.neg().add(a.sum()) }),
          weights.y0,
          [2, 1.2, 0.5],
          { ...options, adjoint },
        );
        return ys.a.square().sum().add(ys.b.sum());
      })({ w, y0: { a: f64([1, 2]), b: f64(0.5) } }),
    );
  });

  test("for branches and loops of the field and of what an event does", () => {
    type State = { a: Tensor; b: Tensor; c: Tensor };
    // What c becomes moves with nothing.
    const kicked = (k: Tensor) => (_t: Tensor, y: State) =>
      cond(
        y.a.less(10),
        () => ({ a: y.a, b: y.b.add(k.square()), c: f64(1) }),
        () => ({ a: k, b: k, c: f64(2) }),
      );
    close((adjoint) =>
      grad((k: Tensor) => {
        const push = event<State>({ at: [0.7], reset: kicked(k) });
        const { ys } = odeint(
          (t, { a, b, c }: State) => ({
            a: cond(
              t.less(5),
              () => k.sub(a),
              () => a,
            ),
            b: fori(2, (_i, x: Tensor) => x.mul(k).sin(), b),
            c: c.neg(),
          }),
          { a: f64(0.3), b: f64(0.5), c: f64(0.2) },
          [0, 1, 2],
          { ...options, adjoint, events: [push] },
        );
        return ys.a.square().sum().add(ys.b.sum()).add(ys.c.sum());
      })(f64(0.7)),
    );
  });

  test("for independent trajectories, each with its own way back", () => {
    const starts = f64([
      [0.1, 1],
      [0.7, -1],
      [2, 0.3],
    ]);
    const gradient = (batch: "shared" | "independent") => (y: Tensor) => (adjoint: Adjoint) =>
      grad(
        (y0: Tensor, k: Tensor, ts: Tensor) =>
          odeint(field, y0, ts, { ...options, args: k, adjoint, batch })
            .ys.square()
            .sum(),
        [0, 1, 2],
      )(y, f64(0.7), f64([0, 1, 2.5]));
    close(gradient("independent")(starts));
    const rows = flat(gradient("independent")(starts)(adjoint));
    const alone = flat(gradient("shared")(starts.slice([1, 0], [2, 2]).reshape([2]))(adjoint));
    expect(relative(rows.slice(2, 4), alone.slice(0, 2))).toBeLessThan(1e-12);
  });

  test("inside vmap, over arguments and over times", () => {
    close((adjoint) =>
      vmap((k: Tensor, ts: Tensor) =>
        grad((p: Tensor) => odeint(field, f64([0.3, 1]), ts, { ...options, args: p, adjoint }).ys.sum())(k),
      )(
        f64([0.7, 0.2]),
        f64([
          [0, 1, 2],
          [0, 0.5, 3],
        ]),
      ),
    );
    close((adjoint) =>
      grad((ks: Tensor) =>
        vmap((k: Tensor) => odeint(field, f64([0.3, 1]), [0, 2], { ...options, args: k, adjoint }).ys.sum())(ks).sum(),
      )(f64([0.7, 0.2])),
    );
  });

  test("compiled, and at times asked for afterwards", () => {
    const gradient = (adjoint: Adjoint) => (k: Tensor) =>
      grad((p: Tensor) =>
        odeint(field, f64([0.3, 1]), [0, 2], { ...options, args: p, adjoint })
          .at([0, 1.7, 0.2])
          .sum(),
      )(k);
    close((adjoint) => compile(gradient(adjoint))(f64(0.7)));
    expect(numbers(compile(gradient(adjoint))(f64(0.7)))).toEqual(numbers(gradient(adjoint)(f64(0.7))));
  });

  test("for second derivatives, in both ways", () => {
    const loss = (adjoint: Adjoint) => (k: Tensor) =>
      odeint(field, f64([0.3, 1]), [0, 1, 2], { ...options, args: k, adjoint })
        .ys.square()
        .sum();
    close((adjoint) => hvp(loss(adjoint), f64(0.7), f64(1)));
    close((adjoint) => grad((k: Tensor) => grad(loss(adjoint))(k))(f64(0.7)));
  });

  test("for second derivatives by times that are asked for afterwards, some of them twice and t0 among them", () => {
    const weights = f64([1, -2, 0.5, 3]);
    const loss = (adjoint: Adjoint) => (asked: Tensor, k: Tensor) =>
      odeint(field, f64([0.3, 1]), [0.2, 1.5], { ...options, args: k, adjoint })
        .at(asked)
        .square()
        .sum([1])
        .dot(weights);
    const along = (adjoint: Adjoint) => (asked: Tensor, k: Tensor) => {
      const [ofTimes, ofK] = grad(loss(adjoint), [0, 1])(asked, k);
      return ofTimes
        .mul(f64([0.3, 1, -1, 0.7]))
        .sum()
        .add(ofK);
    };
    close((adjoint) => grad(along(adjoint), [0, 1])(f64([0.7, 0.7, 0.2, 1.5]), f64(0.7)));
  });

  test("for times alone", () => {
    close((adjoint) =>
      grad((t1: Tensor) =>
        odeint(field, f64([0.3, 1]), t1.mul(f64([0, 0.5, 1])), { ...options, args: f64(0.7), adjoint }).ys.sum(),
      )(f64(2)),
    );
  });

  test("for tangents", () => {
    const solve = (adjoint: Adjoint) => (y0: Tensor, k: Tensor, ts: Tensor) =>
      odeint(field, y0, ts, { ...options, args: k, adjoint }).ys;
    const at = [f64([0.3, 1]), f64(0.7), f64([0, 1, 2])] as const;
    close((adjoint) => jvp(solve(adjoint), [...at], [f64([1, -2]), f64(0.3), f64([0.1, 0.2, -0.3])])[1]);
  });

  test("for steps of one length, for stiff solvers and for symplectic ones", () => {
    const ts = Array.from({ length: 33 }, (_, k) => k / 16);
    const of = (more: OdeintOptions<Tensor>) => (adjoint: Adjoint) =>
      grad((k: Tensor) =>
        odeint(field, f64([0.3, 1]), ts, { ...more, args: k, adjoint })
          .ys.square()
          .mean(),
      )(f64(0.7));
    close(of({ solver: rk4, dt0: 0.01 }));
    close(of({ solver: rk4, controller: constant() }), 1e-5);
    close(of({ solver: kvaerno3, rtol: 1e-7, atol: 1e-7 }), 1e-5);
    const pendulum = separable<Tensor, Tensor, Tensor>({ velocity: (p) => p, force: (q, k) => q.sin().mul(k).neg() });
    const energy = hamiltonian((q: Tensor, p: Tensor, k: Tensor) => p.square().mul(0.5).sub(q.cos().mul(k)).sum());
    for (const [hamilton, solver] of [
      [pendulum, leapfrog],
      [energy, tao.with({ order: 4 })],
    ] as const)
      close(
        (adjoint) =>
          grad((k: Tensor) => {
            const options = { solver, dt0: 1e-3, args: k, adjoint };
            return odeint(hamilton, { q: f64(1), p: f64(0) }, [0, 2], options).ys.q.sum();
          })(f64(1.3)),
        1e-5,
      );
  });

  test("to float32's accuracy in float32", () => {
    const y0 = tensor([0.3, 1]);
    close(
      (adjoint) => grad((k: Tensor) => odeint(field, y0, [0, 2], { args: k, adjoint }).ys.sum())(tensor(0.7)),
      5e-3,
    );
  });

  test("on the oracle as on wasm", () => {
    const gradient = (): number[] =>
      flat(
        grad(
          (y0: Tensor, k: Tensor) => odeint(field, y0, [0, 0.4], { rtol: 1e-4, atol: 1e-4, args: k, adjoint }).ys.sum(),
          [0, 1],
        )(f64([0.3, 1]), f64(0.7)),
      );
    expect(relative(withTarget(js(), gradient), gradient())).toBeLessThan(1e-12);
  });

  test("is linear in the cotangent, and zero for what plays no part", () => {
    const [, pull] = vjp(
      (y0: Tensor, k: Tensor, unused: Tensor) =>
        odeint((t, y: Tensor, [p]: [Tensor, Tensor]) => field(t, y, p), y0, [0, 1, 2], {
          ...options,
          args: [k, unused],
          adjoint,
        }).ys,
      f64([0.3, 1]),
      f64(0.7),
      f64([1, 2]),
    );
    const cotangents = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
    const of = (ct: number[]): number[] => flat(pull(f64(ct).reshape([3, 2])));
    fc.assert(
      fc.property(cotangents, cotangents, fc.integer({ min: -8, max: 8 }), (u, v, power) => {
        const [ofU, ofV] = [of(u), of(v)];
        // Scaled by a power of 2 nothing rounds otherwise.
        expect(of(u.map((x) => x * 2 ** power))).toEqual(ofU.map((x) => x * 2 ** power));
        const sum = of(u.map((x, i) => x + v[i]!));
        sum.forEach((x, i) => expect(Math.abs(x - ofU[i]! - ofV[i]!)).toBeLessThan(2e-6));
        expect(sum.slice(3)).toEqual([0, 0]);
      }),
      { numRuns: 20, seed: 21 },
    );
  });
});

test("⟨v, Ju⟩ = ⟨Jᵀv, u⟩ for what is differentiated step by step, and for sensitivities within tolerances", () => {
  const vectors = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
  const cases: [OdeintOptions<Tensor>, number][] = [
    [{ ...options }, 1e-12],
    [{ solver: reversibleHeun, controller: constant({ dt: 0.1 }), adjoint: reversible() }, 1e-12],
    [{ solver: makeReversible(tsit5), controller: constant({ dt: 0.1 }), adjoint: reversible() }, 1e-12],
    [{ ...options, adjoint: forwardSensitivity() }, 1e-6],
  ];
  for (const [more, bound] of cases) {
    const solve = (x: Tensor): Tensor =>
      odeint(field, x.slice([0], [2]), [0, 0.7, 2], { ...more, args: x.slice([2], [3]).reshape([]) }).ys.slice(
        [1, 0],
        [3, 2],
      );
    const at = f64([0.3, 1, 0.7]);
    const push = compile((u: Tensor) => jvp(solve, [at], [u])[1]);
    const pull = compile((v: Tensor) => vjp(solve, at)[1](v)[0]);
    fc.assert(
      fc.property(vectors, fc.tuple(vectors, vectors), (u, [v, w]) => {
        const ct = [...v.slice(0, 2), ...w.slice(0, 2)];
        const left = numbers(push(f64(u))).reduce((sum, x, i) => sum + x * ct[i]!, 0);
        const right = numbers(pull(f64(ct).reshape([2, 2]))).reduce((sum, x, i) => sum + x * u[i]!, 0);
        expect(Math.abs(left - right)).toBeLessThan(bound * 10);
      }),
      { numRuns: 20, seed: 20 },
    );
  }
});

describe("interpolating and backsolve", () => {
  test("refuse cotangents that are NaN", () => {
    for (const adjoint of [backsolve(), interpolating()])
      expect(() =>
        grad((k: Tensor) =>
          odeint(field, f64([0.3, 1]), [0, 2], { args: k, adjoint })
            .ys.sum()
            .mul(NaN),
        )(f64(0.7)),
      ).toThrow(/odeint: nonFinite in the solve for the gradient/);
  });

  test("seminorms take fewer steps than norms that look at parameters, for the same gradient", () => {
    const gradient = (adjoint: Adjoint): number[] =>
      flat(
        grad((k: Tensor) => odeint(field, f64([0.3, 1]), [0, 4], { ...options, args: k, adjoint }).ys.sum())(
          stack([f64(0.7), f64(0.2)]),
        ),
      );
    expect(relative(gradient(backsolve({ seminorm: false })), gradient(backsolve()))).toBeLessThan(1e-6);
  });

  test("end with the name of what failed when steps run out", () => {
    const few = { rtol: 1e-3, atol: 1e-3, maxSteps: 8 };
    const gradient = (adjoint: Adjoint) => () =>
      grad((k: Tensor) =>
        odeint((_t, y: Tensor, p: Tensor) => y.mul(p).sin(), f64([0.3]), [0, 1], { args: k, adjoint, ...few }).ys.sum(),
      )(f64(0.7));
    for (const adjoint of [backsolve({ rtol: 1e-13, atol: 1e-13 }), interpolating({ rtol: 1e-13, atol: 1e-13 })])
      expect(gradient(adjoint)).toThrow(/odeint: maxStepsReached in the solve for the gradient; raise maxSteps/);
  });
});

import { grad, hvp, jacrev, vmap } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  auto,
  bdf,
  discretize,
  dop853,
  event,
  interpolating,
  kvaerno5,
  odeint,
  type OdeintOptions,
  peak,
  radau5,
  rodas5p,
} from "../src/index";
import { continuousAdjoints, fieldOf, flat, relative, sensitivity } from "./support/adjoint-cases";
import { at, f64, last, numbers } from "./support/numbers";

const tight = { rtol: 1e-10, atol: 1e-12 };

describe.each(continuousAdjoints)("%s with a mass matrix", (_name, adjoint) => {
  test("of full rank: that of the solved field", () => {
    const mass = () =>
      f64([
        [2, 1],
        [0, 3],
      ]);
    const right = (t: Tensor, y: Tensor, p: Tensor): Tensor =>
      stack([
        at(y, 1).sub(t.sin()),
        at(y, 0)
          .mul(at(p, 0))
          .add(at(y, 1).mul(at(p, 1)).sin()),
      ]);
    const ins = [f64([-4, 0.3]), f64([1, 0.5]), f64([0, 0.4, 1])] as const;
    const loss = (options: OdeintOptions<Tensor>, field = right) =>
      compile(
        grad(
          (p: Tensor, y0: Tensor, ts: Tensor) =>
            odeint(field, y0, ts, { ...tight, args: p, ...options })
              .ys.square()
              .sum(),
          [0, 1, 2],
        ),
      )(...ins);
    const inverse = f64([
      [1 / 2, -1 / 6],
      [0, 1 / 3],
    ]);
    const expected = flat(loss({}, (t, y, p) => inverse.matmul(right(t, y, p))));
    for (const solver of [rodas5p, kvaerno5])
      expect(relative(flat(loss({ solver, mass: mass(), adjoint })), expected)).toBeLessThan(1e-7);
  });

  test("that is singular: that of the equation without its algebraic part", () => {
    // y₀′ = −p₀ y₀ + y₁, 0 = y₁³ + y₁ − p₁ y₀ − sin t; the algebraic part in another basis, so that neither rows nor columns of M are 0.
    const rows = f64([
      [1, 0.5],
      [0.3, 1],
    ]);
    const columns = f64([
      [0.8, -0.6],
      [0.6, 0.8],
    ]);
    const field = (t: Tensor, z: Tensor, p: Tensor): Tensor => {
      const y = columns.matmul(z);
      const [a, b] = [at(y, 0), at(y, 1)];
      const algebraic = b
        .pow(3)
        .add(b)
        .sub(a.mul(at(p, 1)))
        .sub(t.sin());
      return rows.matmul(stack([a.mul(at(p, 0)).neg().add(b), algebraic]));
    };
    const mass = rows
      .matmul(
        f64([
          [1, 0],
          [0, 0],
        ]),
      )
      .matmul(columns);
    /** dy₁ of the constraint, by which y₁ is a state of a plain equation. */
    const plain = (t: Tensor, y: Tensor, p: Tensor): Tensor => {
      const [a, b] = [at(y, 0), at(y, 1)];
      const slope = a.mul(at(p, 0)).neg().add(b);
      return stack([slope, slope.mul(at(p, 1)).add(t.cos()).div(b.square().mul(3).add(1))]);
    };
    const root = (x: Tensor): Tensor => {
      let b = x.mul(0.5);
      for (let k = 0; k < 30; k++) b = b.sub(b.pow(3).add(b).sub(x).div(b.square().mul(3).add(1)));
      return b;
    };
    const weights = f64([
      [1, -2],
      [0.5, 1.5],
      [0.7, 2],
    ]);
    const start = (p: Tensor, a: Tensor): Tensor => stack([a, root(a.mul(at(p, 1)))]);
    const total = (ys: Tensor): Tensor => ys.slice([1, 0], [4, 2]).mul(weights).sum();
    const ins = [f64([0.7, 1.3]), f64(0.9), f64([0, 0.5, 1.1, 2])] as const;
    const expected = flat(
      compile(
        grad(
          (p: Tensor, a: Tensor, ts: Tensor) => total(odeint(plain, start(p, a), ts, { ...tight, args: p }).ys),
          [0, 1, 2],
        ),
      )(...ins),
    );
    // The constraint holds at t0 = 0 for this t0 only, so its derivative is another.
    expected[3] = 0;
    for (const solver of [rodas5p, radau5]) {
      const found = flat(
        compile(
          grad(
            (p: Tensor, a: Tensor, ts: Tensor) => {
              const z = columns.transpose().matmul(start(p, a));
              const { ys } = odeint(field, z, ts, { ...tight, args: p, solver, mass, adjoint });
              return total(ys.matmul(columns.transpose()));
            },
            [0, 1, 2],
          ),
        )(...ins),
      );
      found[3] = 0;
      expect(relative(found, expected)).toBeLessThan(1e-6);
    }
  });

  /** The state whose algebraic part fits the other. */
  const started = (q: Tensor, a: Tensor, t: Tensor): Tensor => stack([a, a.mul(at(q, 1)).sin().add(t.mul(0.1))]);

  /** An index-1 problem, with a state that is kicked when it falls to 0.7. */
  const kicked = (adjoint: Adjoint, mass: number[][], events: boolean) => (p: Tensor, y0: Tensor) => {
    const field = (t: Tensor, y: Tensor, q: Tensor): Tensor =>
      stack([at(y, 1).sub(at(y, 0).mul(at(q, 0))), at(y, 0).mul(at(q, 1)).sin().add(t.mul(0.1)).sub(at(y, 1))]);
    const kick = event<Tensor, Tensor>((_t, y) => at(y, 0).sub(0.7), {
      direction: "down",
      reset: (t, y, q) => started(q, at(y, 0).add(at(q, 1)), t),
    });
    return odeint(field, y0, [0, 0.6, 2], {
      solver: rodas5p,
      ...tight,
      args: p,
      mass: f64(mass),
      adjoint,
      ...(events && { events: [kick as never] }),
    })
      .ys.square()
      .sum();
  };
  const singular = [
    [1, 0],
    [0, 0],
  ];
  const regular = [
    [2, 0.5],
    [-0.3, 1],
  ];
  const same = (of: (adjoint: Adjoint) => unknown, bound = 1e-6): void =>
    expect(relative(flat(of(adjoint)), flat(of(discretize())))).toBeLessThan(bound);
  const [p, y0] = [f64([1.6, 0.4]), f64([1, Math.sin(0.4)])];

  test("agrees with discretize, compiled, for many at once and for second derivatives", () => {
    for (const mass of [singular, regular])
      same((adjoint) =>
        compile(vmap((q: Tensor, y: Tensor) => grad(kicked(adjoint, mass, false))(q, y)))(
          stack([p, p]),
          stack([y0, y0]),
        ),
      );
    same(
      (adjoint) => compile((q: Tensor) => hvp((x) => kicked(adjoint, singular, false)(x, y0), q, f64([1, -1])))(p),
      1e-5,
    );
  });

  test("agrees with discretize across events", () => {
    same((adjoint) => grad(kicked(adjoint, regular, true), [0, 1])(p, f64([1, 0.2])));
    same((adjoint) =>
      grad((q: Tensor, a: Tensor) => kicked(adjoint, singular, true)(q, started(q, a, a.mul(0))), [0, 1])(p, f64(1)),
    );
  });

  test("on the oracle as on wasm", () => {
    const gradient = (): number[] =>
      flat(
        grad((k: Tensor) => {
          const field = (_t: Tensor, y: Tensor, q: Tensor): Tensor => stack([at(y, 1), at(y, 0).mul(q).add(at(y, 1))]);
          const options = { args: k, rtol: 1e-3, atol: 1e-3, solver: rodas5p, mass: f64(singular), adjoint };
          return odeint(field, f64([1, -0.8]), [0, 0.5], options).ys.sum();
        })(f64(0.8)),
      );
    expect(relative(withTarget(js(), gradient), gradient())).toBeLessThan(1e-11);
  });
});

/** a′ = b − p₀ a with 0 = sin(p₁ a) + t/10 − b, and times at which one of them has a value and b is least; or the plain equation of a alone. */
function told(algebraic: boolean, options: OdeintOptions<Tensor>) {
  const other = (t: Tensor, a: Tensor, p: Tensor): Tensor => a.mul(at(p, 1)).sin().add(t.mul(0.1));
  const parts = (t: Tensor, y: Tensor, p: Tensor): [Tensor, Tensor] => [
    at(y, 0),
    algebraic ? at(y, 1) : other(t, at(y, 0), p),
  ];
  const field = (t: Tensor, y: Tensor, p: Tensor): Tensor => {
    const [a, b] = parts(t, y, p);
    const slope = b.sub(a.mul(at(p, 0)));
    return stack(algebraic ? [slope, other(t, a, p).sub(b)] : [slope]);
  };
  const events = [
    event<Tensor, Tensor>((t, y, p) => parts(t, y, p)[0].sub(0.7), { terminal: false }),
    event<Tensor, Tensor>((t, y, p) => parts(t, y, p)[1].sub(0.34), { terminal: false }),
    peak<Tensor, Tensor>((t, y, p) => parts(t, y, p)[1].neg()),
  ];
  return (p: Tensor, a: Tensor, ts: Tensor): Tensor => {
    const start = stack(algebraic ? [a, other(at(ts, 0), a, p)] : [a]);
    const found = odeint(field, start, ts, { ...tight, args: p, events: events, ...options });
    const ys = [1, 2].map((i) => {
      const row = found.ys.slice([i, 0], [i + 1, algebraic ? 2 : 1]).reshape([algebraic ? 2 : 1]);
      const [x, b] = parts(at(ts, i), row, p);
      return x.mul(3).add(b.square());
    });
    const times = found.events.map(({ t }, i) => at(t, 0).mul(i + 1));
    return [...ys, ...times].reduce((sum, x) => sum.add(x));
  };
}

describe.each([["discretize", discretize()], ...continuousAdjoints] as const)(
  "%s where the mass matrix is singular",
  (name, adjoint) => {
    test("has derivatives by times and of times of events: those of the equation without its algebraic part", () => {
      const ins = [f64([1.6, 0.4]), f64(1), f64([0.1, 0.9, 2])] as const;
      const gradient = (algebraic: boolean, options: OdeintOptions<Tensor>): number[] =>
        flat(compile(grad(told(algebraic, options), [0, 1, 2]))(...ins));
      const expected = gradient(false, { solver: dop853 });
      expect(expected.every((x) => Math.abs(x) > 1e-3)).toBe(true);
      const mass = f64([
        [1, 0],
        [0, 0],
      ]);
      for (const solver of name === "discretize" ? [rodas5p, radau5, kvaerno5, bdf, auto] : [rodas5p, radau5])
        expect(relative(gradient(true, { solver, mass, adjoint }), expected), solver.name).toBeLessThan(1e-6);
    });
  },
);

test.each([["discretize", discretize()], ...continuousAdjoints] as const)(
  "%s of index 2: times have an error for a derivative",
  (_name, adjoint) => {
    // y₁ is in no algebraic equation: 0 = y₀ − sin t.
    const field = (t: Tensor, y: Tensor): Tensor => stack([at(y, 1).sub(at(y, 0)), at(y, 0).sub(t.sin())]);
    const mass = f64([
      [1, 0],
      [0, 0],
    ]);
    const slope = (options: OdeintOptions) =>
      grad((ts: Tensor) => odeint(field, f64([0, 1]), ts, { solver: rodas5p, mass, adjoint, ...options }).ys.sum())(
        f64([0, 0.5, 1]),
      );
    expect(() => slope({})).toThrow(/odeint: dy\/dt does not follow from M dy\/dt = f/);
    expect(numbers(slope({ throw: false }))).toEqual([NaN, NaN, NaN]);
  },
);

test("Robertson's sensitivities with its conservation law in place of an equation, by interpolating", () => {
  const { p, y0, T, dy_dp } = sensitivity;
  const whole = fieldOf(sensitivity);
  const field = (t: Tensor, y: Tensor, k: Tensor): Tensor => {
    const f = whole(t, y, k);
    return stack([at(f, 0), at(f, 1), y.sum().sub(1)]);
  };
  const mass = f64([
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 0],
  ]);
  const options = { solver: rodas5p, rtol: 1e-7, atol: 1e-13, mass, adjoint: interpolating() };
  const found = jacrev((k: Tensor) => last(odeint(field, f64(y0), [0, T], { ...options, args: k }).ys))(f64(p));
  dy_dp.forEach((row, i) => {
    const scaled = numbers(found.slice([i, 0], [i + 1, 3])).map((x, j) => x * p[j]!);
    expect(
      relative(
        scaled,
        row.map((x, j) => x * p[j]!),
      ),
    ).toBeLessThan(1e-6);
  });
});

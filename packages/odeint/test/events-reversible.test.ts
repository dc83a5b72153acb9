import { grad, hvp, vmap } from "@dzdt/autograd";
import { compile, js, stack, type Tensor, tree, where, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  AdjointError,
  constant,
  discretize,
  event,
  gauss4,
  leapfrog,
  makeReversible,
  odeint,
  type OdeintOptions,
  reversible,
  reversibleHeun,
  separable,
  type SolveEvent,
  type Solver,
  Status,
  tsit5,
} from "../src/index";
import { relative } from "./support/adjoint-cases";
import { at, f64, numbers } from "./support/numbers";
import { crest, doses, field, p, times, ts, wall, y0 } from "./support/kicked-oscillator";

type Given = OdeintOptions<Tensor> & { readonly list?: (times: Tensor) => readonly SolveEvent[] };

const kicks = (times: Tensor): SolveEvent[] => [doses(times), wall, crest];

/** All that a solve with these events says, as one number. */
const told =
  (adjoint: Adjoint, { list = kicks, ...more }: Given = {}) =>
  (p: Tensor, y0: Tensor, ts: Tensor, times: Tensor): Tensor => {
    const found = odeint(field, y0, ts, {
      solver: reversibleHeun,
      controller: constant({ dt: 0.03 }),
      args: p,
      adjoint,
      events: list(times),
      ...more,
    });
    const each = found.events.map(({ t, y }) => where(t.equal(t), t.add(y.sum([y.ndim - 1])), 0).sum());
    return found.ys
      .square()
      .sum()
      .add(found.ts.square().sum())
      .add(each.reduce((a, b) => a.add(b.mul(0.7))));
  };

const same = (of: (adjoint: Adjoint) => unknown, bound = 1e-12): void => {
  const [found, expected] = [reversible(), discretize()].map((one) =>
    (tree.leaves(of(one) as never) as Tensor[]).map(numbers),
  );
  // Where the loss does not depend on something, relative errors do not exist.
  expected!.forEach((x, k) =>
    x.every((dx) => dx === 0)
      ? expect(found![k]!.every((dx) => dx === 0)).toBe(true)
      : expect(relative(found![k]!, x)).toBeLessThan(bound),
  );
};

/** Of parameters of the field, of conditions and of resets, the state, all times and those of doses. */
const all =
  (more: Given = {}, ins: readonly Tensor[] = [p, y0, ts, times]) =>
  (adjoint: Adjoint): unknown =>
    compile(grad(told(adjoint, more), [0, 1, 2, 3]))(...(ins as [Tensor, Tensor, Tensor, Tensor]));

describe.each([reversibleHeun, makeReversible(tsit5), gauss4] as Solver[])(
  "undone steps of $name give discretize's gradients",
  (solver) => {
    test("with resets, recorded events and preset times", () => same(all({ solver })));

    test("with one step from time to time", () => {
      const many = f64(Array.from({ length: 60 }, (_, i) => i / 12));
      same(all({ solver, controller: constant() }, [p, y0, many, times]));
    });

    test("backwards in time", () => same(all({ solver }, [p, y0, f64([5, 3, 2, 0.5]), times])));
  },
);

describe("undone steps give discretize's gradients", () => {
  const end = event<Tensor, Tensor>((_t, y, p) => at(y, 1).add(at(p, 2)), { reset: (_t, y, p) => y.mul(at(p, 0)) });
  const over = { ...end, terminal: true };
  const as = (...list: readonly unknown[]): readonly SolveEvent[] => list as readonly SolveEvent[];

  test.each<[string, (times: Tensor) => readonly SolveEvent[]]>([
    [
      "by a root",
      (times) =>
        as(
          doses(times),
          event<Tensor, Tensor>((_t, y, p) => at(y, 1).add(at(p, 2))),
        ),
    ],
    ["by a root, with a last reset", (times) => as(doses(times), crest, over)],
    ["at a preset time", (times) => as(wall, event({ at: times }))],
    ["at a preset time, without resets", (times) => as(crest, event({ at: times }))],
    ["by a bool, whose time is a constant", () => as(event<Tensor, Tensor>((_t, y) => at(y, 0).greater(0.8)))],
    ["at once", (times) => as(event({ at: times.slice([0], [1]).mul(0) }))],
  ])("where the solve is ended %s", (_name, list) => {
    const { status } = odeint(field, y0, ts, {
      solver: reversibleHeun,
      controller: constant({ dt: 0.03 }),
      args: p,
      events: list(times),
    });
    expect(status.itemSync()).toBe(Status.eventTerminated);
    same(all({ list }));
    same(all({ list, controller: constant() }, [p, y0, f64(Array.from({ length: 80 }, (_, i) => i / 16)), times]));
  });

  test.each<[string, number[]]>([
    ["at the start and at the end", [0, 5]],
    ["on points at which steps end", [0.3, 0.6, 2.4]],
    ["several within one step", [1.001, 1.002, 1.003]],
    ["at no time of the solve", [-1, 7]],
  ])("for resets %s", (_name, at) => {
    same(all({}, [p, y0, ts, f64(at)]));
  });

  test("for resets at one moment, one after the other", () => {
    const grow = (times: Tensor) => event<Tensor, Tensor>({ at: times, reset: (_t, y, p) => y.mul(at(p, 0)) });
    const list = (times: Tensor): readonly SolveEvent[] =>
      as(doses(times), grow(times), event({ at: times, terminal: false }));
    same(all({ list }));
    same(all({ list }, [p, y0, ts, f64([0, 0.7])]));
  });

  test("for any oscillator, steps of any length, at any times", () => {
    const of = (adjoint: Adjoint) =>
      compile(
        grad(
          (p: Tensor, y0: Tensor, ts: Tensor, times: Tensor, dt: Tensor) =>
            told(adjoint, { controller: constant({ dt }) })(p, y0, ts, times),
          [0, 1, 2, 3],
        ),
      );
    const [found, expected] = [of(reversible()), of(discretize())];
    const size = fc.double({ min: 0.5, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(size, size, size), fc.tuple(size, size), size, size, (a, b, c, d) => {
        const ins = [f64([1 + a[0], a[1], a[2]]), f64(b), ts.mul(f64(c)), times.mul(f64(b[0])), f64(d * 0.03)] as const;
        same((adjoint) => (adjoint.kind === "custom" ? found : expected)(...ins), 1e-11);
      }),
      { numRuns: 15, seed: 17 },
    );
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

  test.each([
    ["parameters", 0],
    ["times", 2],
  ])("for second derivatives of %s, in both ways", (_name, k) => {
    const ins = [p, y0, ts, times] as [Tensor, Tensor, Tensor, Tensor];
    const direction = ins[k]!.mul(0.3).add(0.1);
    const of = (adjoint: Adjoint) => (x: Tensor) =>
      told(adjoint, { controller: constant({ dt: 0.1 }) })(...(ins.with(k, x) as typeof ins));
    same((adjoint) => compile((x: Tensor) => hvp(of(adjoint), x, direction))(ins[k]!), 1e-10);
    same((adjoint) => compile(grad((x: Tensor) => grad(of(adjoint))(x).mul(direction).sum()))(ins[k]!), 1e-10);
  });

  test("for second derivatives by a parameter and a time", () => {
    same((adjoint) => {
      const gradient = grad(told(adjoint, { controller: constant({ dt: 0.1 }) }), [0, 1, 2, 3]);
      const ofP = (ts: Tensor, times: Tensor): Tensor =>
        gradient(p, y0, ts, times)[0]
          .mul(f64([1, -1, 0.5]))
          .sum();
      return compile(grad(ofP, [0, 1]))(ts, times);
    }, 1e-10);
  });

  test("for a ball on a spring, by leapfrog", () => {
    type Phase = { q: Tensor; p: Tensor };
    const spring = separable<Tensor, Tensor, Tensor>({ velocity: (p) => p, force: (q, k) => q.sin().mul(k).neg() });
    const floor = event<Phase, Tensor>((_t, { q }, k) => q.add(k.mul(0.5)), {
      direction: "down",
      reset: (_t, { q, p }) => ({ q, p: p.mul(-0.9) }),
    });
    same((adjoint) =>
      grad(
        (q: Tensor, k: Tensor, ts: Tensor) => {
          const found = odeint(spring, { q, p: f64(0.3) }, ts, {
            solver: leapfrog,
            dt0: 0.01,
            args: k,
            adjoint,
            events: [floor as never],
          });
          return found.ys.q.square().sum().add(found.ys.p.sum()).add(at(found.events[0]!.t, 1));
        },
        [0, 1, 2],
      )(f64(1), f64(0.7), f64([0, 4, 9])),
    );
  });

  test("on the oracle as on wasm", () => {
    const gradient = (): number[] =>
      grad(told(reversible(), { controller: constant({ dt: 0.1 }) }), [0, 1])(
        f64([1.7, 0.3, 0.6]),
        f64([0.2, 1]),
        f64([0, 1]),
        f64([0.5, 0.7]),
      ).flatMap(numbers);
    expect(relative(withTarget(js(), gradient), gradient())).toBeLessThan(1e-12);
  });
});

test("steps that cannot be undone are refused, also between two events that say where the state was", () => {
  const gradient = (): Tensor =>
    grad((k: Tensor) =>
      odeint((_t, y: Tensor, p: Tensor) => y.mul(p).neg(), f64([1]), [0, 31], {
        solver: reversibleHeun,
        controller: constant({ dt: 0.1 }),
        args: k,
        adjoint: reversible(),
        events: [event<Tensor, Tensor>({ at: [1, 30], reset: (_t, y) => y.mul(0).add(1) }) as never],
      }).ys.sum(),
    )(f64(9));
  expect(gradient).toThrow(AdjointError);
});

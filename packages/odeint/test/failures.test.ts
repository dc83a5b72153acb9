import { vmap } from "@dzdt/autograd";
import { compile, stack, type Tensor, tensor, zeros } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  type Adjoint,
  auto,
  bdf,
  constant,
  dop853,
  event,
  gauss4,
  hamiltonian,
  implicitMidpoint,
  integrator,
  kencarp4,
  kvaerno5,
  leapfrog,
  milstein,
  odeint,
  type OdeintOptions,
  odex,
  pid,
  radau5,
  reversible,
  reversibleHeun,
  rk4,
  rodas5p,
  separable,
  type Solver,
  Status,
  stepDoubling,
  tao,
  trapezoid,
  tsit5,
  vern7,
} from "../src/index";
import { failureOf } from "./support/failure-of";
import { at, close, f64, numbers } from "./support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();

describe("a field that is NaN at first is named by leaf and component", () => {
  interface State {
    readonly x: Tensor;
    readonly v: Tensor;
  }
  /** The root of what is negative in x[1] alone. */
  const field = (_t: Tensor, { x, v }: State) => ({ x: v, v: x.sub(10).sqrt() });
  const start = { x: f64([20, 1, 30]), v: f64([0, 0, 0]) };
  const choosing: readonly Solver[] = [
    ...[tsit5, dop853, vern7, kvaerno5, radau5, rodas5p, bdf, auto, kencarp4],
    ...[odex, adamsBashforthMoulton, reversibleHeun, stepDoubling(rk4)],
  ];
  const named = { status: "nonFinite", t: 0, component: "y.v[1]", accepted: 0 };

  test.each(choosing)("by $name", (solver) => {
    const found = failureOf(() => odeint(field, start, [0, 0.5, 1], { solver }));
    expect(found).toMatchObject(named);
    expect(found.message).toMatch(
      /^odeint: nonFinite at t = 0 before the first step, y\.v\[1\] = 0 with derivative NaN; /,
    );
    const { x } = found.solution!.ys as unknown as State;
    expect(numbers(x)).toEqual([20, 1, 30, ...Array<number>(6).fill(NaN)]);
    // Inside a program all but what there is of the solution.
    const program = compile((y: State) => odeint(field, y, [0, 0.5, 1], { solver }).ys);
    const { message, h, rejected, solution } = failureOf(() => program(start));
    expect([message, h, rejected, solution]).toEqual([found.message, found.h, found.rejected, undefined]);
  });

  test.each([tsit5, rk4, trapezoid, gauss4, rodas5p, radau5] as readonly Solver[])(
    "by $name with a step given",
    (solver) => {
      const found = failureOf(() => odeint(field, start, [0, 1], { solver, controller: constant({ dt: 0.1 }) }));
      expect(found).toMatchObject({ ...named, h: 0.1 });
    },
  );

  test("by splittings and tao", () => {
    const force = (q: Tensor): Tensor => q.sub(10).sqrt();
    const y0 = { q: f64([20, 1]), p: f64([0, 0]) };
    const swing = separable({ velocity: (p: Tensor) => p, force });
    const energy = hamiltonian((q: Tensor, p: Tensor) => p.square().sum().add(force(q).sum()));
    for (const run of [
      () => odeint(swing, y0, [0, 1], { solver: leapfrog, dt0: 0.1 }),
      () => odeint(energy, y0, [0, 1], { solver: tao, dt0: 0.1 }),
    ])
      expect(failureOf(run)).toMatchObject({ ...named, component: "y.p[1]" });
  });

  test("in one of many trajectories", () => {
    const y0 = f64([
      [1, 2],
      [1, NaN],
    ]);
    const named = /^odeint: trajectory 1: nonFinite at t = 0 before the first step, y\[1\] = NaN/;
    const batch = (y: Tensor): Tensor => odeint(decay, y, [0, 1], { batch: "independent" }).ys;
    const each = vmap((y: Tensor) => odeint(decay, y, [0, 1]).ys);
    for (const run of [batch, compile(batch), each, compile(each)]) expect(() => run(y0)).toThrow(named);
    // A batch of batches is one list.
    expect(() =>
      vmap(batch)(
        stack([
          f64([
            [1, 2],
            [3, 4],
          ]),
          y0,
        ]),
      ),
    ).toThrow(/^odeint: trajectory 3: nonFinite/);
  });
});

describe("a failed solve tells how far it got", () => {
  test("with its time, step, worst component and counters, and what there is of the solution", () => {
    const field = (_t: Tensor, y: Tensor): Tensor => y.square();
    const found = failureOf(() => odeint(field, f64([0.1, 1]), [0, 0.5, 0.75, 2]));
    expect(found).toMatchObject({ status: "stepUnderflow", component: "y[1]" });
    expect(found.t).toBeCloseTo(1, 4);
    expect(Math.abs(found.h!)).toBeLessThan(1e-14);
    expect(found.accepted).toBeGreaterThan(10);
    expect(found.rejected).toBeGreaterThan(10);
    const { ys, stats } = found.solution!;
    close(numbers(ys as unknown as Tensor).slice(0, 6), [0.1, 1, 0.1 / 0.95, 2, 0.1 / 0.925, 4], 1e-4);
    expect(numbers(ys as unknown as Tensor).slice(6)).toEqual([NaN, NaN]);
    expect(stats.steps.itemSync()).toBe(found.accepted! + found.rejected!);
  });

  test("and counts no step as accepted that was not", () => {
    const field = (t: Tensor, y: Tensor): Tensor => y.add(t.sub(0.45).neg().sqrt());
    const found = failureOf(() => odeint(field, f64([1]), [0, 1], { solver: rk4, dt0: 0.1 }));
    expect(found.accepted).toBe(4);
    expect(found.t).toBeCloseTo(0.4, 12);
  });

  test("and of more steps than there may be none is taken, nor counted", () => {
    for (const solver of [implicitMidpoint, gauss4, radau5, rk4]) {
      const statsOf = (ts: readonly number[], adjoint?: Adjoint): readonly number[] => {
        const options = {
          solver,
          controller: constant({ dt: 0.1 }),
          maxSteps: 9,
          throw: false,
          ...(adjoint && { adjoint }),
        };
        const { stats, ys } = odeint(decay, f64([1]), ts, options);
        expect(numbers(ys)).toEqual([1, ...Array<number>(ts.length - 1).fill(NaN)]);
        return [stats.accepted, stats.rejected, stats.evaluations].map((x) => x.itemSync());
      };
      const [accepted, rejected, evaluations] = statsOf([0, 1]);
      expect([accepted, rejected]).toEqual([0, 0]);
      expect(evaluations).toBeLessThan(2);
      expect(statsOf([0, 0.5, 1])).toEqual([0, 0, evaluations]);
      if (solver === implicitMidpoint || solver === gauss4)
        expect(statsOf([0, 1], reversible())).toEqual([0, 0, evaluations]);
    }
  });

  test("an error that may be nothing is refused; one relative to 0 is none where there is none", () => {
    expect(() => odeint(decay, f64([1]), [0, 1], { rtol: 0, atol: 0 })).toThrow(
      "odeint: rtol and atol are both 0 for y; give a positive one of them",
    );
    // The second component is and stays 0.
    const { ys, stats } = odeint(decay, f64([1, 0]), [0, 1], { rtol: 1e-8, atol: 0 });
    close(numbers(ys).slice(2), [Math.exp(-1), 0], 1e-7);
    expect(stats.rejected.itemSync()).toBe(0);
  });

  test("matrices that leave a step's equations singular are suspected where no step was taken", () => {
    const none = f64([[0]]);
    for (const solver of [kvaerno5, radau5, rodas5p, bdf]) {
      const options = { solver, mass: none, jacobian: () => none } as unknown as OdeintOptions;
      expect(() => odeint(decay, f64([1]), [0, 1], options)).toThrow(
        /at t = 0 .*; mass, or mass − h · jacobian, may be singular, or y0 not meet the algebraic equations: check mass, jacobian and y0; else /,
      );
    }
    // y₀′ = −y₀, 0 = y₀ + y₁ − 1.
    const field = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 0).neg(), y.sum().sub(1)]);
    const mass = tensor(
      [
        [1, 0],
        [0, 0],
      ],
      { dtype: "float64" },
    );
    expect(odeint(field, f64([0.3, 0.7]), [0, 1], { solver: radau5, mass }).status.itemSync()).toBe(Status.success);
    // A singular Jacobian alone is no fault.
    const sum = (_t: Tensor, y: Tensor): Tensor =>
      at(y, 0)
        .add(at(y, 1))
        .neg()
        .mul(f64([1, 1]));
    for (const solver of [kvaerno5, radau5, rodas5p, bdf, auto])
      close(odeint(sum, f64([1, 1]), [0, 1], { solver }).ys.slice([1], [2]), Array(2).fill(Math.exp(-2)), 1e-5);
  });

  test("a reset to what is not finite is a failure, whether the solve goes on or ends there", () => {
    for (const terminal of [false, true]) {
      const spoil = event({ at: [0.5], terminal, reset: (_t, y: Tensor) => y.mul(NaN) });
      const options = { events: [spoil], throw: false };
      expect(odeint(decay, f64([1]), [0, 0.25, 1], options).status.itemSync()).toBe(Status.nonFinite);
      const found = failureOf(() => odeint(decay, f64([1]), [0, 0.25, 1], { events: [spoil] }));
      expect(found).toMatchObject({ status: "nonFinite", t: 0.5, component: "y[0]" });
    }
  });

  test("an event that fires at every step is named, with what to do", () => {
    const often = event((t: Tensor) => t.mul(50).sin(), { terminal: false });
    expect(() => odeint(decay, f64([1]), [0, 10], { events: [event({ at: [1], terminal: false }), often] })).toThrow(
      /maxEventsReached: events\[1\] fired more than maxEvents = 16 times, at t = 1\.0.*check its condition and direction/,
    );
  });
});

describe("what does not fit says what would", () => {
  const plain = (solver: unknown) => () => odeint(decay, f64([1]), [0, 1], { solver: solver as Solver, dt0: 0.1 });
  test.each<readonly [string, () => unknown, string]>([
    [
      "a splitting",
      plain(leapfrog),
      "leapfrog is symplectic and steps states { q, p }; give y0 as such, or use a solver",
    ],
    [
      "tao",
      plain(tao),
      "make it with hamiltonian(H), or use a solver for any field such as implicitMidpoint or gauss4",
    ],
    [
      "a stochastic solver",
      plain(milstein),
      "solver is milstein, which is of another kind; give a solver such as tsit5",
    ],
    ["no solver", plain(null), "solver is null; give a solver such as tsit5"],
    ["a name", plain("rk4"), "solver is rk4; give a solver such as tsit5"],
    [
      "an energy that is no sum",
      () =>
        odeint(
          hamiltonian((q: Tensor, p: Tensor) => q.mul(p).square().sum()),
          { q: f64([1]), p: f64([1]) },
          [0, 1],
          { solver: leapfrog, dt0: 0.1 },
        ),
      "∂H/∂q depends on p; write H as such a sum, give separable({ velocity, force }), or use a solver",
    ],
    [
      "a state by other names",
      () =>
        odeint(
          separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.neg() }),
          { x: f64([1]), v: f64([1]) } as never,
          [0, 1],
        ),
      "separable: the state is { v, x }; give y0 as { q, p }, positions and momenta",
    ],
    [
      "an energy of one tensor",
      () => odeint(hamiltonian((q: Tensor) => q.sum()) as never, f64([1, 1]), [0, 1]),
      "hamiltonian: the state is one tensor; give y0 as { q, p }",
    ],
    [
      "nothing returned",
      () => odeint((() => undefined) as unknown as typeof decay, f64([1]), [0, 1]),
      "odeint: vector field returned undefined; return dy/dt, a tree like y",
    ],
    ["a time outside", () => odeint(decay, f64([1]), [0, 1]).at(2), "t = 2 is outside the solve's [0, 1]"],
    [
      "a Jacobian of numbers",
      () => odeint(decay, f64([1]), [0, 1], { solver: radau5, jacobian: f64([[1]]) as never }),
      "odeint: jacobian is no function; give (t, y, args) => ∂f/∂y, or leave it out",
    ],
    [
      "a choice that is none",
      () => odeint(decay, f64([1]), [0, 1], { throw: "no" as never }),
      "odeint: throw is no; give true or false",
    ],
    ["a norm that is none", () => pid({ norm: "l2" as never }), 'pid: norm is l2; give "rms", "max", or a function'],
    ["a number in letters", () => pid({ safety: "0.9" as never }), "pid: safety is 0.9; give a number in (0, 1]"],
    ["a gain that is none", () => pid({ p: NaN }), "pid: p is NaN; give a finite number"],
    [
      "a solver for given steps, stepwise",
      () => integrator(decay, f64([1]), 0, { solver: rk4 }),
      "integrator: rk4 has no error estimate and there is no dt0",
    ],
    [
      "a first step beside others of one length",
      () => odeint(decay, f64([1]), [0, 1], { controller: constant({ dt: 0.1 }), dt0: 0.2 }),
      "odeint: dt0 is 0.2 and all steps of constant({ dt }) are 0.1; leave dt0 out",
    ],
    [
      "a first step beside those from time to time",
      () => odeint(decay, f64([1]), [0, 1], { controller: constant(), dt0: 0.2 }),
      "odeint: there is a dt0, and constant() steps from each of ts to the next; give constant({ dt }), or leave dt0 out",
    ],
    [
      "an index for options",
      () => [0, 0.5].map(odeint(decay, f64([1]), [0, 1]).at as (t: number) => Tensor),
      "at: options are 0, as in ts.map(solution.at), where the index takes their place; give all times at once, solution.at(ts), or write",
    ],
    ["no times", () => odeint(decay, f64([1]), []), "ts is empty; give at least one time"],
    ["equal times", () => odeint(decay, f64([1]), [0, 0]), "ts begins and ends at 0; give times that differ"],
    ["a time that is NaN", () => odeint(decay, f64([1]), [0, NaN]), "ts[1] is NaN; give finite times"],
    ["times that turn", () => odeint(decay, f64([1]), [0, 1, 0.5]), "ts[2] = 0.5 is not after ts[1] = 1"],
  ])("%s", (_name, run, message) => expect(run).toThrow(message));

  test("but not of a first step that is as long as the others", () => {
    const solve = (dt0: number | Tensor, dt: number | Tensor) =>
      numbers(odeint(decay, f64([1]), [0, 1], { controller: constant({ dt }), dt0 }).ys);
    expect(solve(0.1, f64(0.1))).toEqual(solve(f64(0.1), 0.1));
    expect(solve(0.1, tensor(0.1))).toHaveLength(2);
  });
});

test("of no trajectories none has failed", () => {
  const none = zeros([0, 2], { dtype: "float64" });
  const run = (y: Tensor) => odeint(decay, y, [0, 1], { batch: "independent" }).ys;
  expect(compile(run)(none).shape).toEqual([2, 0, 2]);
  expect(run(none).shape).toEqual([2, 0, 2]);
});

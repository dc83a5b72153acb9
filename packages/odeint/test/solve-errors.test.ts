import { compile, stack, type Tensor, tree, type Tree } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { odeint, type OdeintOptions, pid, radau5, rk4, type Solution, SolveError, Status, tsit5 } from "../src/index";
import { at, f64, last, numbers } from "./support/numbers";

const pendulum = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).sin().neg()]);

describe("a solve that fails says where, and keeps what it has", () => {
  type Point = { q: Tensor; p: Tensor };
  const square = (_t: Tensor, y: Tensor): Tensor => y.mul(y);
  const root = (_t: Tensor, { q, p }: Point): Point => ({ q: p, p: q.sub(2).sqrt() });
  const infinite = (t: Tensor, y: Tensor): Tensor => y.mul(0).add(t.sub(0.5).abs().log().neg().exp().exp());
  const rough = { dtMin: 0.01 };
  const failing: Record<
    string,
    { run: (options: OdeintOptions) => Solution<Tree>; status: string; component: string; t: number[] }
  > = {
    "a blow-up": {
      run: (options) => odeint(square, f64([0.1, 1]), [0, 0.5, 2], options),
      status: "stepUnderflow",
      component: "y[1]",
      t: [0.99, 1.01],
    },
    "a blow-up with steps of one length": {
      run: (options) => odeint(square, f64([0.1, 1]), [0, 0.5, 9], { solver: rk4, dt0: 0.1, ...options }),
      status: "nonFinite",
      component: "y[1]",
      t: [0.99, 2],
    },
    "NaN at the first evaluation": {
      run: (options) => odeint(root, { q: f64([3, 1]), p: f64([0, 0]) }, [0, 0.5, 1], options),
      status: "nonFinite",
      component: "y.p[1]",
      t: [0, 0],
    },
    "steps that may not be short enough": {
      run: (options) => odeint(infinite, f64([0]), [0, 0.1, 1], { controller: pid(rough), ...options }),
      status: "stepUnderflow",
      component: "y[0]",
      t: [0.1, 0.5],
    },
    "too many steps": {
      run: (options) => odeint(pendulum, f64([1, 0]), [0, 0.01, 100], { maxSteps: 5, ...options }),
      status: "maxStepsReached",
      component: "y[1]",
      t: [0.01, 50],
    },
  };
  test.each(Object.entries(failing))("%s", (_name, { run, status, component, t }) => {
    const quiet = run({ throw: false });
    for (const options of [{}, { timeLimit: 1e9 }]) {
      let error: SolveError | undefined;
      try {
        run(options);
      } catch (thrown) {
        error = thrown as SolveError;
      }
      expect(error).toBeInstanceOf(SolveError);
      expect(error!.status).toBe(status);
      expect(error!.component).toBe(component);
      expect(error!.message).toContain(component);
      expect(error!.t).toBeGreaterThanOrEqual(t[0]!);
      expect(error!.t).toBeLessThanOrEqual(t[1]!);
      // Where the field is not finite at once, there is no length of a step.
      expect(Number.isFinite(error!.h)).toBe(t[1]! > 0);
      const { solution, accepted, rejected } = error!;
      expect(tree.leaves(solution!.ys).map((x) => numbers(x as Tensor))).toEqual(
        tree.leaves(quiet.ys).map((x) => numbers(x as Tensor)),
      );
      expect(solution!.status.itemSync()).toBe(Status[error!.status]);
      if (status !== "nonFinite") {
        expect(accepted).toBe(solution!.stats.accepted.itemSync());
        expect(rejected).toBe(solution!.stats.rejected.itemSync());
      }
    }
    // The last row was not reached, and no NaN is a success.
    const ends = tree.leaves(quiet.ys).map((ys) => numbers(last(ys as Tensor)));
    expect(ends.flat().every(Number.isNaN)).toBe(true);
    expect(quiet.status.itemSync()).not.toBe(Status.success);
  });

  test("not where it is part of a program", () => {
    const run = compile((y: Tensor) => odeint(square, y, [0, 2]).ys);
    try {
      run(f64([1]));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SolveError);
      expect((error as SolveError).solution).toBeUndefined();
    }
  });
});

describe("a field that is not finite everywhere", () => {
  const options: OdeintOptions[] = [{}, { solver: radau5 }, { solver: rk4, dt0: 0.05 }, { solver: tsit5, dt0: 2 }];
  test("gives finite states with success, or a failure that says so", () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(number, number, number, fc.constantFrom(...options), fc.boolean(), (a, b, radius, own, looked) => {
        // NaN outside of a ball about the origin.
        const field = (_t: Tensor, y: Tensor): Tensor =>
          stack([at(y, 1), at(y, 0).neg().mul(a)]).add(y.square().sum().neg().add(Math.abs(radius)).sqrt().mul(b));
        const host = looked ? { timeLimit: 1e9 } : {};
        const { ys, status } = odeint(field, f64([a, b]), [0, 0.5, 3], {
          ...own,
          ...host,
          throw: false,
          maxSteps: 500,
        });
        const finite = numbers(ys).every(Number.isFinite);
        expect(finite).toBe(status.itemSync() === Status.success);
      }),
      { numRuns: 40 },
    );
  });
});

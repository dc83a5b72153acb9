import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  auto,
  bdf,
  implicitEuler,
  kencarp3,
  kencarp4,
  kencarp5,
  kvaerno3,
  kvaerno4,
  kvaerno5,
  odeint,
  type OdeintOptions,
  odex,
  radau5,
  rodas4,
  rodas5p,
  rosenbrock23,
  type Solver,
  Status,
  type Times,
  trbdf2,
} from "../src/index";
import { argsOf, choosing, field, fields, identity, type Numbers, triple } from "./support/random-fields";
import { lotkaVolterra, pendulum } from "../src/testing";
import { close, f64, last, numbers } from "./support/numbers";

const runs = { numRuns: 3 };
const scaled = (factor: number): number[][] => identity.map((row) => row.map((x) => factor * x));

interface Given extends Omit<OdeintOptions<ReturnType<typeof argsOf>>, "args"> {
  readonly solver: Solver;
}

/** The fourth component is time, with a tolerance of its own so that other units do not change its part. */
function solve(n: Numbers, y0: readonly number[], ts: Times, { atol = 1e-6, ...options }: Given & { atol?: number }) {
  const t0 = (ts as readonly number[])[0]!;
  const { ys, stats, status, at } = odeint(field, f64([...y0, t0]), ts, {
    rtol: 1e-4,
    ...options,
    atol: f64([atol, atol, atol, 1e-6]),
    args: argsOf(n),
  });
  const [steps, accepted, rejected] = [stats.steps, stats.accepted, stats.rejected].map((x) => x.itemSync());
  return { y: numbers(last(ys)).slice(0, 3), ys: ys, steps, accepted, rejected, status, at };
}

describe.each(choosing)("$name", (solver) => {
  test("takes the same steps in other units, to the bit", () => {
    fc.assert(
      fc.property(fields, triple, fc.constantFrom(-20, -3, 10), (n, y0, power) => {
        const unit = 2 ** power;
        const linear = { ...n, to: scaled(unit), from: scaled(1 / unit) };
        const [own, other] = [
          solve(n, y0, [0, 2], { solver }),
          solve(
            linear,
            y0.map((y) => unit * y),
            [0, 2],
            { solver, atol: 1e-6 * unit },
          ),
        ];
        expect([other.steps, other.rejected]).toEqual([own.steps, own.rejected]);
        expect(other.y).toEqual(own.y.map((y) => unit * y));
      }),
      runs,
    );
  });

  test("counts its steps: accepted and rejected ones are all", () => {
    fc.assert(
      fc.property(fields, triple, (n, y0) => {
        // Also where it gives up, as reversibleHeun may, which damps nothing.
        const options = { solver, throw: false, maxSteps: 5000 };
        const { steps, accepted, rejected } = solve({ ...n, speed: 8 }, y0, [0, 1], options);
        expect(accepted! + rejected!).toBe(steps);
        expect(accepted).toBeGreaterThan(0);
      }),
      runs,
    );
  });

  test("is finite when it succeeds, and NaN with a name where the field is NaN outside a ball", () => {
    let failed = 0;
    fc.assert(
      fc.property(fields, triple, fc.constantFrom(0.25, 1, 4), (n, y0, grown) => {
        const radius = grown + y0.reduce((sum, y) => sum + y * y, 0);
        const { y, status } = solve({ ...n, radius, speed: 2 }, y0, [0, 4], { solver, throw: false, maxSteps: 2000 });
        const code = status.itemSync();
        if (code === Status.success) {
          expect(y.every(Number.isFinite)).toBe(true);
          expect(y.reduce((sum, x) => sum + x * x, 0)).toBeLessThanOrEqual(radius * (1 + 1e-12));
          return;
        }
        failed++;
        expect([Status.stepUnderflow, Status.nonFinite, Status.maxStepsReached]).toContain(code);
        expect(y).toEqual([NaN, NaN, NaN]);
      }),
      { numRuns: 6, seed: 1 },
    );
    expect(failed).toBeGreaterThan(0);
  });

  test("gives the rows of a batch as it gives them alone, with their counts", () => {
    fc.assert(
      fc.property(fields, triple, triple, (n, u, v) => {
        const rows = f64([
          [...u, 0],
          [...v, 0],
        ]);
        const { ys, stats } = odeint(field, rows, [0, 2], {
          solver,
          rtol: 1e-4,
          atol: f64([1e-6, 1e-6, 1e-6, 1e-6]),
          args: argsOf(n),
          batch: "independent",
        });
        [u, v].forEach((y0, i) => {
          const alone = solve(n, y0, [0, 2], { solver });
          close(numbers(last(ys)).slice(4 * i, 4 * i + 3), alone.y, 1e-13);
          expect(stats.steps.dataSync()[i]).toBe(alone.steps);
          expect(stats.rejected.dataSync()[i]).toBe(alone.rejected);
        });
      }),
      runs,
    );
  });
});

/** The mean exponent of errors at the end in the tolerance. */
function slope(solver: Solver, [loose, tight]: readonly [number, number]): number {
  const slopes = [lotkaVolterra, pendulum].map(({ field: f, y0, t0, t1, solution }) => {
    const error = (tol: number): number => {
      const { ys } = odeint(f, f64([...y0]), [t0, t1], { solver, rtol: tol, atol: tol });
      return Math.max(...numbers(last(ys)).map((x, i) => Math.abs(x - solution[i]!)));
    };
    return Math.log(error(loose) / error(tight)) / Math.log(loose / tight);
  });
  return slopes.reduce((sum, x) => sum + x, 0) / slopes.length;
}

const inProportion: readonly Solver[] = [
  ...[kvaerno3, kvaerno4, kvaerno5, kencarp3, kencarp4, kencarp5, rodas4, rodas5p, radau5],
  ...[bdf, auto, adamsBashforthMoulton, odex],
];

test.each(inProportion)("$name errs in proportion to the tolerance", (solver) => {
  const found = slope(solver, [1e-4, 1e-8]);
  expect(found).toBeGreaterThan(0.7);
  expect(found).toBeLessThan(1.3);
});

// Of low orders p, whose estimates are of p + 1: an error of each step below the tolerance is one of the power p / (p + 1) in all.
test.each([implicitEuler, rosenbrock23, trbdf2])(
  "$name errs by the power of the tolerance that its order allows",
  (solver) => {
    const found = slope(solver, [1e-3, 1e-5]);
    expect(Math.abs(found - solver.order / (solver.order + 1))).toBeLessThan(0.15);
  },
);

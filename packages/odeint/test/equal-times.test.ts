import { grad, hvp, vmap } from "@dzdt/autograd";
import { compile, js, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  type Adjoint,
  auto,
  backsolve,
  bdf,
  constant,
  discretize,
  event,
  forwardSensitivity,
  gauss4,
  implicitMidpoint,
  interpolating,
  kvaerno5,
  makeReversible,
  odeint,
  type OdeintOptions,
  radau5,
  reversible,
  reversibleHeun,
  rodas5p,
  type Solver,
  trapezoid,
  tsit5,
} from "../src/index";
import { close, f64, numbers } from "./support/numbers";

/** The slope is 1.1 at t = 1/2, of the two components together −1.1 with rate 0.7. */
const field = (t: Tensor, y: Tensor, rate: Tensor): Tensor => y.mul(rate).neg().add(t);
const y0 = f64([1, 2]);
const rate = f64(0.7);
const slope = 2 * 0.5 - 0.7 * 3;

const sumOf =
  (options: OdeintOptions<Tensor>) =>
  (k: Tensor, ts: Tensor): Tensor =>
    odeint(field, y0, ts, { ...options, args: k }).ys.sum();

/** Derivatives by the rate, and by each of the times. */
function derivatives(options: OdeintOptions<Tensor>, ts: readonly number[]): number[] {
  const [byRate, byTimes] = compile(grad(sumOf(options), [0, 1]))(rate, f64(ts));
  return [...numbers(byRate), ...numbers(byTimes)];
}

const adaptive: readonly Solver[] = [tsit5, kvaerno5, rodas5p, radau5, auto];
const ways: readonly (readonly [string, OdeintOptions<Tensor>])[] = [
  ...[...adaptive, adamsBashforthMoulton].map((solver) => [solver.name, { solver }] as const),
  ...[rodas5p, trapezoid, gauss4].flatMap((solver) => [
    [`${solver.name} with steps of 0.1`, { solver, controller: constant({ dt: 0.1 }) }] as const,
    [`${solver.name} from time to time`, { solver, controller: constant() }] as const,
  ]),
];

describe.each(ways)("equal times of a program, %s:", (_name, options) => {
  test("the state stays, and moves with times by the field", () => {
    const run = compile((ts: Tensor) => odeint(field, y0, ts, { ...options, args: rate }).ys);
    close(run(f64([0.5, 0.5])), [1, 2, 1, 2], 0);
    close(run(f64([0.5, 0.5, 0.5])), [1, 2, 1, 2, 1, 2], 0);
    close(derivatives(options, [0.5, 0.5]), [0, -slope, slope], 1e-14);
    close(derivatives(options, [0.5, 0.5, 0.5]), [0, -2 * slope, slope, slope], 1e-14);
  });

  test("beside trajectories that move", () => {
    const all = vmap((ts: Tensor) => sumOf(options)(rate, ts))(
      f64([
        [0.5, 0.5],
        [0.5, 0.9],
      ]),
    );
    const alone = sumOf(options)(rate, f64([0.5, 0.9]));
    close(all, [6, alone.itemSync()], 1e-9);
  });
});

const adjoints: readonly (readonly [string, () => Adjoint])[] = [
  ["discretize", discretize],
  ["backsolve", backsolve],
  ["interpolating", interpolating],
  ["forwardSensitivity", forwardSensitivity],
];

describe.each(adjoints)("%s", (_name, adjoint) => {
  test.each([rodas5p, kvaerno5, auto])("across equal times: $name", (solver) => {
    const options = { solver, adjoint: adjoint(), rtol: 1e-8, atol: 1e-10 };
    close(derivatives(options, [0.5, 0.5]), [0, -slope, slope], 1e-12);
    const close3 = derivatives(options, [0, 0.6, 0.6]);
    const [byRate, byT0, byTimes] = derivatives(options, [0, 0.6]);
    close(close3, [2 * byRate!, 2 * byT0!, byTimes!, byTimes!], 1e-5);
  });

  test("at times that are asked for twice", () => {
    const asked = [0.2, 0.2, 0.7, 0];
    const loss = (k: Tensor) =>
      odeint(field, y0, [0, 1], { args: k, solver: rodas5p, adjoint: adjoint(), rtol: 1e-8, atol: 1e-10 })
        .at(asked)
        .sum();
    // The states' sum is S(t) = (3 + 2/k²) e^(−k t) + 2 t/k − 2/k².
    const exact = (k: number): number =>
      asked.map((t) => (3 + 2 / k ** 2) * Math.exp(-k * t) + (2 * t) / k - 2 / k ** 2).reduce((all, sum) => all + sum);
    close(grad(loss)(rate), [(exact(0.7 + 1e-5) - exact(0.7 - 1e-5)) / 2e-5], 1e-6);
  });
});

describe("reversible, across equal times", () => {
  const reversibles: readonly Solver[] = [gauss4, implicitMidpoint, reversibleHeun, makeReversible(tsit5)];
  test.each(reversibles)("$name", (solver) => {
    for (const controller of [constant({ dt: 0.1 }), constant()])
      for (const ts of [
        [0.5, 0.5],
        [0, 0.3, 0.3, 0.6],
        [0, 0, 0.3],
      ]) {
        const expected = derivatives({ solver, controller }, ts);
        close(derivatives({ solver, controller, adjoint: reversible() }, ts), expected, 1e-10);
        expect(expected.every(Number.isFinite)).toBe(true);
      }
  });
});

test.each([rodas5p, gauss4, bdf])(
  "across equal times, from time to time, with an event between them: $name",
  (solver) => {
    const kick = event<Tensor>({ at: [0.6], reset: (_t, y) => y.mul(2) });
    const options = { solver, controller: constant(), events: [kick] };
    const [byRate, byT0, byMiddle, byEnd] = derivatives(options, [0, 0.3, 0.9]);
    const [byRate2, byT02, ...byTimes] = derivatives(options, [0, 0.3, 0.3, 0.9]);
    // The state at 0.3 counts twice.
    const [byRate1, byT01, byMiddle1] = derivatives(options, [0, 0.3]);
    close([byRate2! - byRate!, byT02! - byT0!], [byRate1!, byT01!], 1e-5);
    close(byTimes, [byMiddle!, byMiddle1!, byEnd!], 1e-5);
  },
);

test("second derivatives by the last of two equal times are those of the solution", () => {
  for (const target of [js(), wasm()])
    withTarget(target, () => {
      const end = (solver: Solver) => (t: Tensor) =>
        odeint(
          field,
          f64(1),
          t
            .reshape([1])
            .concat(f64([0.5]))
            .flip(0),
          { solver, args: f64(0.7) },
        )
          .ys.slice([1], [2])
          .sum();
      for (const solver of [rodas5p, auto]) {
        // y″ = 1 − k (t − k y)
        const second = compile((t: Tensor) => hvp(end(solver), t, f64(1)))(f64(0.5));
        expect(second.itemSync()).toBeCloseTo(1 - 0.7 * (0.5 - 0.7), 12);
      }
    });
});

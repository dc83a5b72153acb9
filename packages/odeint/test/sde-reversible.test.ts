import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, random, type Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  discretize,
  heunStratonovich,
  interpolating,
  reversible,
  reversibleHeun,
  type Sde,
  sdeint,
} from "../src/index";
import { noisyLoss, type NoisyOptions } from "./support/noisy-loss";
import { f64, numbers } from "./support/numbers";

const key = random.key(3);

const loss = noisyLoss({ key, solver: reversibleHeun });
const at = [f64(-0.5), f64([0.5, 1]), f64(0.3), f64(0.2)] as const;
const all = [0, 1, 2, 3] as const;
const gradients = (options: NoisyOptions, ts?: readonly number[]): number[] =>
  grad(loss(options, ts), all)(...at).flatMap(numbers);

describe("steps that are undone for gradients", () => {
  test("give those of steps that are kept, to rounding", () => {
    fc.assert(
      fc.property(
        fc.constantFrom([0, 1], [0, 0.3, 1], [0.5, 0.6, 2]),
        fc.constantFrom(undefined, 1 / 7, 1 / 500),
        (ts, dt) => {
          const steps = dt === undefined ? {} : { dt };
          const kept = gradients({ ...steps, adjoint: discretize() }, ts);
          const back = gradients({ ...steps, adjoint: reversible() }, ts);
          const scale = Math.max(...kept.map(Math.abs));
          kept.forEach((x, i) => expect(Math.abs(x - back[i]!) / scale).toBeLessThan(1e-12));
        },
      ),
      { numRuns: 6 },
    );
  });

  test("compile and batch, and forward mode is that of the steps", () => {
    const options = { dt: 0.05, adjoint: reversible() };
    const eager = gradients(options);
    const compiled = compile(grad(loss(options), all))(...at).flatMap(numbers);
    eager.forEach((x, i) => expect(Math.abs(x - compiled[i]!)).toBeLessThan(1e-12));
    const rates = vmap(grad(loss(options)), [0, null, null, null])(f64([-0.5, 0.1]), at[1], at[2], at[3]);
    expect(Math.abs(numbers(rates)[0]! - eager[0]!)).toBeLessThan(1e-12);
    const [, pushed] = jvp((a: Tensor) => loss(options)(a, at[1], at[2], at[3]), [at[0]], [f64(1)]);
    expect(Math.abs(pushed.itemSync() - eager[0]!)).toBeLessThan(1e-11);
  });

  test("leave the solution as it is, bit for bit", () => {
    const sde: Sde = { drift: (_t, y) => y.neg(), diffusion: (_t, y) => y.sin(), calculus: "stratonovich" };
    const run = (options: object): number[] =>
      numbers(sdeint(sde, f64([1, 2]), [0, 0.4, 1], { key, dt: 0.1, solver: reversibleHeun, ...options }).ys);
    expect(run({ adjoint: reversible() })).toEqual(run({}));
  });

  test("are refused where they lead astray, or cannot be undone", () => {
    const stiff = (a: Tensor): Tensor =>
      sdeint(
        {
          drift: (_t, y: Tensor) => y.mul(a),
          diffusion: (_t, y: Tensor) => y.mul(0.1),
          calculus: "stratonovich",
        } as const,
        f64([1]),
        [0, 20],
        { key, dt: 1 / 8, solver: reversibleHeun, adjoint: reversible() },
      ).ys.sum();
    expect(() => grad(stiff)(f64(-9))).toThrow("undone");
    expect(() => gradients({ solver: heunStratonovich, adjoint: reversible() })).toThrow(
      "sdeint: steps of heunStratonovich cannot be undone",
    );
    expect(() => gradients({ rtol: 1e-2, adjoint: reversible() })).toThrow(
      "that are chosen by their errors cannot be undone",
    );
    expect(() => gradients({ adjoint: interpolating() })).toThrow(
      "sdeint: adjoint is interpolating; give discretize(), reversible() with reversibleHeun, or backsolve() for Stratonovich equations",
    );
  });
});

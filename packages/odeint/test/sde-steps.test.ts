import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, js, random, stack, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backsolve,
  type BrownianPath,
  brownianSteps,
  discretize,
  eulerMaruyama,
  heunStratonovich,
  langevin,
  type LevyArea,
  logqp,
  reversible,
  reversibleHeun,
  sdeint,
  type SdeintOptions,
  type SdeSolver,
  slowRk,
} from "../src/index";
import * as solvers from "../src/sde/solvers";
import { partsOf } from "../src/sde/brownian/brownian";
import { drawnMotion } from "../src/sde/brownian/steps";
import { drawn } from "./support/drawn-steps";
import { noisyLoss, type NoisyOptions } from "./support/noisy-loss";
import { distance, f64, numbers } from "./support/numbers";

const key = random.key(5);

/** Steps of a length as a path that answers for times. */
const asPath = (levyArea: LevyArea, shape: readonly number[], dt: number): BrownianPath => {
  // A path made for fewer areas has fewer numbers for each step, so it is not part of one with more.
  const motion = drawnMotion(key, shape, partsOf[levyArea], "float64");
  return {
    shape,
    levyArea,
    t0: -Infinity,
    t1: Infinity,
    tolerance: 0,
    increment: (s, t) => {
      const [from, to] = [s as Tensor, t as Tensor];
      return motion.over({ t: from, tNext: to, h: to.sub(from), number: from.div(dt).cast("int32") });
    },
  };
};

describe("a solve with steps that are drawn one by one", () => {
  const dt = 1 / 8;
  const field = langevin({ force: (q: Tensor) => q.sin().neg(), friction: 0.7, temperature: 0.8 });
  const solve = (solver: SdeSolver, path: SdeintOptions["path"] & object, ts: readonly number[]): number[] => {
    if (solver.kind === "langevin") {
      const y0 = { q: f64([0.5, 1]), p: f64([0, -1]) };
      const { q, p } = sdeint(field, y0, ts, { path, solver, dt }).ys;
      return [q, p].flatMap(numbers);
    }
    const additive = solver.kind === "additive";
    const sde = {
      drift: (t: Tensor, y: Tensor) => y.neg().add(t.sin()),
      diffusion: (t: Tensor, y: Tensor) => (additive ? stack([t.cos(), t.add(1)]) : y.sin().mul(0.3)),
      noise: additive ? "additive" : "diagonal",
      calculus: solver.calculus === "either" ? "ito" : solver.calculus,
    } as const;
    return numbers(sdeint(sde as never, f64([0.5, 1]), ts, { path, solver, dt } as never).ys);
  };

  test.each(
    Object.values(solvers)
      .filter((x) => "strongOrder" in x)
      .map((x) => [x.name, x as SdeSolver] as const),
  )("%s takes those of a path with such increments, bit for bit", (_name, solver) => {
    const path = asPath(solver.levyArea, [2], dt);
    for (const ts of [
      [0, 1],
      [0, 0.25, 0.375, 2],
    ])
      expect(solve(solver, brownianSteps({ key }), ts)).toEqual(solve(solver, path, ts));
  });

  const sde = { drift: (t: Tensor, y: Tensor) => y.neg().add(t), diffusion: (_t: Tensor, y: Tensor) => y.sin() };
  const path = brownianSteps({ key });

  test("is the same with more times where steps end, and with one step from time to time", () => {
    const at = (ts: readonly number[], options: object): number[] =>
      numbers(sdeint(sde, f64([1, 2]), ts, { path, ...options }).ys).slice(-2);
    const every = Array.from({ length: 9 }, (_, n) => n * dt);
    expect(at([0, 0.5, 1], { dt })).toEqual(at([0, 1], { dt }));
    expect(at(every, {})).toEqual(at([0, 1], { dt }));
    expect(at(every, { solver: eulerMaruyama, dt })).toEqual(at(every, { solver: eulerMaruyama }));
  });

  test("is one of many keys' in lanes, and one of a batch's", () => {
    const run = (k: Tensor): Tensor =>
      sdeint(sde, f64([1, 2]), [0, 0.5, 2], { path: brownianSteps({ key: k }), dt }).ys;
    const keys = random.split(key, 21);
    const many = compile(vmap(run))(keys);
    for (const i of [0, 7, 20]) {
      const alone = run(keys.slice([i, 0], [i + 1, 2]).reshape([2]));
      expect(numbers(many.slice([i, 0, 0], [i + 1, 3, 2]))).toEqual(numbers(alone));
      expect(numbers(compile(run)(keys.slice([i, 0], [i + 1, 2]).reshape([2])))).toEqual(numbers(alone));
    }
  });

  test.each(["float32", "float64"] as const)("is the same on js and wasm from a %s state", (dtype) => {
    const on = (target: ReturnType<typeof js>): number[] =>
      withTarget(target, () => {
        const own = brownianSteps({ key: random.key(5) });
        return numbers(sdeint(sde, f64([1, 2]).cast(dtype), [0, 0.5, 1], { path: own, dt }).ys);
      });
    expect(distance(on(js()), on(wasm()))).toBeLessThan(dtype === "float32" ? 1e-6 : 1e-14);
  });

  test("needs no times that are known", () => {
    const run = (ts: Tensor): Tensor => sdeint(sde, f64([1, 2]), ts, { path, dt }).ys;
    expect(numbers(compile(run)(f64([0, 0.5, 1])))).toEqual(numbers(run(f64([0, 0.5, 1]))));
    // Equal times take a step of no length.
    const twice = numbers(compile(run)(f64([0, 0.5, 0.5, 1])));
    expect(twice.slice(2, 4)).toEqual(twice.slice(4, 6));
    expect(twice.every(Number.isFinite)).toBe(true);
  });

  test("says where it blows up", () => {
    const wild = { drift: (_t: Tensor, y: Tensor) => y.mul(y).mul(1e3), diffusion: (_t: Tensor, y: Tensor) => y };
    const run = (ts: readonly number[]): unknown =>
      sdeint(wild, f64([1, 0]), ts, { path, dt: 0.01, solver: eulerMaruyama });
    expect(() => run([0, 0.5, 1])).toThrow(
      /sdeint: nonFinite at t = 0\.\d+ with step 0\.0\d+ after \d+ accepted and 0 rejected steps, y\[0\] = \d/,
    );
  });

  test("has the divergence of another drift beside it", () => {
    const options = { path, dt };
    const { ys, kl } = logqp(sde, (_t, y) => y.neg(), f64([1, 2]), [0, 0.5, 1], options);
    expect(numbers(ys)).toEqual(numbers(sdeint(sde, f64([1, 2]), [0, 0.5, 1], options).ys));
    expect(numbers(kl).every((x) => x > 0)).toBe(true);
  });
});

describe("gradients along steps that are drawn one by one", () => {
  const loss = noisyLoss({ path: brownianSteps({ key }), solver: reversibleHeun });
  const at = [f64(-0.5), f64([0.5, 1]), f64(0.3), f64(0.2)] as const;
  const all = [0, 1, 2, 3] as const;
  const gradients = (options: NoisyOptions, ts?: readonly number[]): number[] =>
    grad(loss(options, ts), all)(...at).flatMap(numbers);

  test("keep states or undo steps, with the same numbers to rounding", () => {
    fc.assert(
      fc.property(
        fc.constantFrom([0, 1], [0, 0.3, 1], [0.5, 0.6, 2]),
        fc.constantFrom(undefined, 1 / 7, 1 / 500),
        (ts, dt) => {
          const steps = dt === undefined ? {} : { dt };
          const kept = gradients({ ...steps, adjoint: discretize() }, ts);
          const back = gradients({ ...steps, adjoint: reversible() }, ts);
          const scale = Math.max(...kept.map(Math.abs));
          expect(distance(kept, back) / scale).toBeLessThan(1e-12);
        },
      ),
      { numRuns: 6 },
    );
  });

  test.each(["sqrt", "log", 7] as const)("are the same to the bit with checkpoints: %s", (checkpoints) => {
    const run = (options: NoisyOptions): number[] => gradients({ dt: 1 / 60, maxSteps: 100, ...options });
    expect(run({ adjoint: discretize({ checkpoints }) })).toEqual(run({}));
  });

  test("are those of forward mode, and compile and batch", () => {
    const options = { dt: 0.05, solver: heunStratonovich };
    const eager = gradients(options);
    const [, pushed] = jvp((a: Tensor) => loss(options)(a, at[1], at[2], at[3]), [at[0]], [f64(1)]);
    expect(Math.abs(pushed.itemSync() - eager[0]!)).toBeLessThan(1e-12);
    expect(distance(compile(grad(loss(options), all))(...at).flatMap(numbers), eager)).toBeLessThan(1e-12);
    const rates = vmap(grad(loss(options)), [0, null, null, null])(f64([-0.5, 0.1]), at[1], at[2], at[3]);
    expect(Math.abs(numbers(rates)[0]! - eager[0]!)).toBeLessThan(1e-12);
  });

  test("solved backwards meet the same steps: geometric Brownian motion has its exact derivatives", () => {
    const n = 256;
    const W = Array.from({ length: n }, (_, i) => drawn(key, [], 1, i, 1 / n)[0]!.itemSync()).reduce((a, b) => a + b);
    const H = Array.from({ length: n }, (_, i) => drawn(key, [], 2, i, 1 / n)[0]!.itemSync()).reduce((a, b) => a + b);
    const [mu, sigma, y0] = [0.3, 0.4, 1.3];
    const growth =
      (options: Partial<SdeintOptions<undefined, "stratonovich">>, ts: readonly number[]) =>
      (a: Tensor, b: Tensor, y: Tensor): Tensor => {
        const sde = {
          drift: (_t: Tensor, x: Tensor) => x.mul(a),
          diffusion: (_t: Tensor, x: Tensor) => x.mul(b),
          calculus: "stratonovich",
        } as const;
        const path = brownianSteps({ key });
        const { ys } = sdeint(sde, y, ts, { path, dt: 1 / n, adjoint: backsolve(), ...options });
        return ys.slice([ts.length - 1], [ts.length]).sum();
      };
    for (const [solver, motion, bound] of [
      [heunStratonovich, W, 1e-2],
      [slowRk, H, 1e-3],
    ] as const)
      for (const ts of [[0, 1], [0, 0.25, 0.75, 1], Array.from({ length: n + 1 }, (_, i) => i / n)]) {
        const y = y0 * Math.exp(mu + sigma * motion);
        const found = grad(growth({ solver }, ts), [0, 1, 2])(f64(mu), f64(sigma), f64(y0)).flatMap(numbers);
        expect(distance(found, [y, motion * y, y / y0])).toBeLessThan(bound);
      }
  });

  test("solved backwards come near those of the steps for noise that does not commute, at times that are equal too", () => {
    const ts = f64([0, 0.25, 0.25, 1]);
    const run = (adjoint: NoisyOptions["adjoint"] & object, path = brownianSteps({ key })): number[] =>
      compile((times: Tensor) =>
        grad(
          (a: Tensor, y: Tensor, c: Tensor, args: Tensor) =>
            loss({ solver: heunStratonovich, dt: 1 / 1024, adjoint, path }, times as never)(a, y, c, args),
          all,
        )(...at),
      )(ts).flatMap(numbers);
    const kept = run(discretize());
    const apart = distance(run(backsolve()), kept) / Math.max(...kept.map(Math.abs));
    expect(apart).toBeLessThan(0.05);
  });

  test.each([
    ["discretize", discretize()],
    ["reversible", reversible()],
    ["backsolve", backsolve()],
  ] as const)("of many lengths of steps are those of each: %s", (_name, adjoint) => {
    const run = (dt: Tensor): Tensor => grad(loss({ dt, adjoint, throw: false }))(...at);
    const lengths = [0.1, 0.03, 0.25];
    const many = numbers(compile(vmap(run))(f64(lengths)));
    lengths.forEach((dt, i) => expect(Math.abs(many[i]! / run(f64(dt)).itemSync() - 1)).toBeLessThan(1e-12));
  });

  test("do not go to times", () => {
    const run = (t: Tensor): Tensor => loss({ dt: 0.1 }, stack([f64(0), t]) as never)(...at);
    expect(() => grad(run)(f64(1))).toThrow("a Brownian path has no derivative in time");
  });
});

describe("brownianSteps says what is wrong", () => {
  const sde = { drift: (_t: Tensor, y: Tensor) => y.neg(), diffusion: (_t: Tensor, y: Tensor) => y };
  const solve = (options: SdeintOptions<undefined, "ito", "diagonal">): unknown =>
    sdeint(sde, f64([1, 2]), [0, 1], options);
  test.each<[string, () => unknown, string]>([
    [
      "no key",
      () => brownianSteps({} as never),
      "brownianSteps: key is undefined; give uint32 [2], as random.key(seed) makes",
    ],
    [
      "several keys",
      () => brownianSteps({ key: random.split(key) }),
      "brownianSteps: key has shape [2, 2]; give one key of shape [2], and vmap over several",
    ],
    ["an option of a path", () => brownianSteps({ key, t0: 0 } as never), "brownianSteps: unknown option t0"],
    [
      "steps that are chosen by their errors",
      () => solve({ path: brownianSteps({ key }), rtol: 1e-2 }),
      "sdeint: path is brownianSteps, whose increments are those of equal steps, and rtol and atol try steps and divide them; leave them out, or give key in place of path",
    ],
    [
      "another kind",
      () => solve({ path: { kind: "tree" } as never }),
      "sdeint: path is an object without increment; give brownian({ key, t0, t1, shape }), an object like it, or brownianSteps({ key })",
    ],
    ["a word", () => solve({ path: "increments" as never }), "sdeint: path is increments; give brownian("],
  ])("%s", (_name, run, text) => {
    expect(run).toThrow(text);
  });
});

import { grad, jvp, vmap } from "@dzdt/autograd";
import { compile, js, random, type Tensor, withTarget } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Adjoint,
  backsolve,
  type BrownianPath,
  brownian,
  discretize,
  generalShark,
  heunStratonovich,
  langevin,
  logOde,
  logqp,
  midpointStratonovich,
  milstein,
  reversibleHeun,
  sdeint,
  type SdeintOptions,
  slowRk,
  spark,
  toStratonovich,
} from "../src/index";
import { gbm } from "./data/sde.json";
import { noisyLoss, type NoisyOptions } from "./support/noisy-loss";
import { f64, numbers } from "./support/numbers";

const apart = (a: readonly number[], b: readonly number[]): number => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
const key = random.key(3);

const loss = noisyLoss({ key });
const points = () => [f64(-0.5), f64([0.5, 1]), f64(0.3), f64(0.2)] as const;
const at = points();
const all = [0, 1, 2, 3] as const;
const gradients = (options: NoisyOptions, ts?: readonly number[]): number[] =>
  grad(loss(options, ts), all)(...at).flatMap(numbers);
const back = { adjoint: backsolve() } as const;
const steps = { adjoint: discretize() } as const;

/** dy = μ y dt + σ y ∘ dW, whose solution is y₀ exp(μ t + σ W). */
const growth =
  (options: Partial<SdeintOptions<undefined, "stratonovich", "diagonal">>, ts: readonly number[] = [0, 0.3, 1]) =>
  (mu: Tensor, sigma: Tensor, y: Tensor): Tensor => {
    const sde = {
      drift: (_t: Tensor, x: Tensor) => x.mul(mu),
      diffusion: (_t: Tensor, x: Tensor) => x.mul(sigma),
      calculus: "stratonovich",
    } as const;
    const { ys } = sdeint(sde, y, ts as number[], { ...back, ...options });
    return ys.slice([ts.length - 1], [ts.length]).sum();
  };
const start = [f64(gbm.mu), f64(gbm.sigma), f64(gbm.y0)] as const;
const growthGradients = (...given: Parameters<typeof growth>): number[] =>
  grad(growth(...given), [0, 1, 2])(...start).flatMap(numbers);

describe("the continuous adjoint along a path", () => {
  test("has the exact derivatives of geometric Brownian motion along the reference path", () => {
    const knots = [{ t: 0, W: 0 }, ...gbm.exact];
    // Linear from knot to knot, where the equation is an ordinary one with the same solution at the knots.
    const position = (t: Tensor): Tensor =>
      knots
        .slice(1)
        .map(({ t: end, W }, i) => {
          const { t: begin, W: before } = knots[i]!;
          return t
            .sub(begin)
            .clip(0, end - begin)
            .mul((W - before) / (end - begin));
        })
        .reduce((a, b) => a.add(b));
    const path: BrownianPath = {
      shape: [],
      levyArea: "none",
      t0: 0,
      t1: 1,
      tolerance: 1e-6,
      increment: (s, t) => ({ W: position(t as Tensor).sub(position(s as Tensor)) }),
    };
    gbm.exact.forEach(({ t, W, stratonovich }, i) => {
      const y = Number(stratonovich);
      const ts = knots.slice(0, i + 2).map((knot) => knot.t);
      const found = growthGradients({ path, dt: 2 ** -10 }, ts);
      expect(apart(found, [t * y, W * y, y / gbm.y0])).toBeLessThan(2e-5);
    });
  });

  test("comes near the exact derivatives along Brownian paths as steps shrink, with any solver", () => {
    const path = brownian({ key, t0: 0, t1: 1, shape: [], levyArea: "space-time" });
    const W = path.increment(0, 1).W.itemSync();
    const y = gbm.y0 * Math.exp(gbm.mu + gbm.sigma * W);
    const exact = [y, W * y, y / gbm.y0];
    for (const [solver, coarse, fine] of [
      [heunStratonovich, 0.05, 4e-3],
      [midpointStratonovich, 0.05, 4e-3],
      [reversibleHeun, 0.05, 4e-3],
      [milstein, 0.05, 4e-3],
      [logOde, 0.05, 4e-3],
      [spark, 0.02, 2e-3],
      [generalShark, 0.02, 2e-3],
      [slowRk, 4e-3, 1e-4],
    ] as const) {
      expect(apart(growthGradients({ path, solver, dt: 1 / 16 }), exact)).toBeLessThan(coarse);
      expect(apart(growthGradients({ path, solver, dt: 1 / 256 }), exact)).toBeLessThan(fine);
    }
    expect(apart(growthGradients({ path, rtol: 1e-4, atol: 1e-6 }), exact)).toBeLessThan(5e-3);
    expect(apart(growthGradients({ path, rtol: 1e-2, atol: 1e-4 }), exact)).toBeLessThan(5e-2);
  });

  test("comes near the gradients of the steps as these shrink, with noise that does not commute", () => {
    for (const solver of [heunStratonovich, generalShark, reversibleHeun]) {
      const [coarse, fine] = [1 / 16, 1 / 512].map((dt) =>
        apart(gradients({ solver, dt, ...back }), gradients({ solver, dt, ...steps })),
      );
      expect(coarse).toBeLessThan(0.15);
      expect(fine).toBeLessThan(0.003);
      expect(fine! * 5).toBeLessThan(coarse!);
    }
  });

  test("takes additive and scalar noise, trees, and Itô equations once they are converted", () => {
    const dt = 1 / 512;
    const pair = { q: f64([0.5, -0.2]), p: f64(0.3) };
    type Pair = typeof pair;
    const a = f64(0.4);
    const agree = (of: (adjoint: Adjoint) => (a: Tensor) => Tensor): void => {
      const [found, expected] = [backsolve(), discretize()].map((adjoint) => grad(of(adjoint))(a).itemSync());
      expect(Math.abs(found! / expected! - 1)).toBeLessThan(2e-3);
    };
    agree((adjoint) => (a) => {
      const sde = {
        drift: (_t: Tensor, { q, p }: Pair) => ({ q: q.mul(a).add(p), p: q.sum().mul(a).sin() }),
        diffusion: (_t: Tensor, { q, p }: Pair) => ({ q: q.sin().mul(a), p: p.add(a) }),
        noise: "scalar",
        calculus: "stratonovich",
      } as const;
      const { ys } = sdeint(sde, pair, [0, 0.4, 1], { key, dt, adjoint });
      return ys.q.sum().add(ys.p.square().sum());
    });
    agree(
      (adjoint) => (k) =>
        sdeint(
          {
            drift: (_t: Tensor, y: Tensor) => y.mul(k).sin(),
            diffusion: (t: Tensor) => t.cos().mul(k).broadcastTo([2]),
            noise: "additive",
          } as const,
          f64([1, 2]),
          [0, 0.5, 1],
          { key, dt, adjoint },
        )
          .ys.square()
          .sum(),
    );
    const ito = { drift: (_t: Tensor, y: Tensor) => y.mul(0.3), diffusion: (_t: Tensor, y: Tensor) => y.mul(0.5) };
    const path = brownian({ key, t0: 0, t1: 1, shape: [], levyArea: "space-time" });
    const W = path.increment(0, 1).W.itemSync();
    const last = (y: Tensor): Tensor =>
      sdeint(toStratonovich(ito), y, [0, 1], { path, dt, solver: slowRk, ...back })
        .ys.slice([1], [2])
        .sum();
    expect(grad(last)(f64(1)).itemSync()).toBeCloseTo(Math.exp(0.3 - 0.125 + 0.5 * W), 4);
  });

  test("goes with the divergence of two drifts", () => {
    const of = (adjoint: Adjoint) => (a: Tensor) => {
      const sde = {
        drift: (_t: Tensor, y: Tensor) => y.mul(a).cos(),
        diffusion: (_t: Tensor, y: Tensor) => y.square().add(1).mul(0.3),
        calculus: "stratonovich",
      } as const;
      const prior = (_t: Tensor, y: Tensor): Tensor => y.mul(0.1);
      return logqp(sde, prior, f64([0.2, 0.7]), [0, 0.5, 1], { key, dt: 1 / 512, adjoint }).kl.sum();
    };
    const [a, b] = [backsolve(), discretize()].map((adjoint) => grad(of(adjoint))(f64(0.7)).itemSync());
    expect(Math.abs(a! / b! - 1)).toBeLessThan(2e-3);
  });

  test("leaves the solution as it is, bit for bit, and forward mode is that of the steps", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(heunStratonovich, generalShark, reversibleHeun),
        fc.constantFrom([0, 1], [0.5, 0.6, 2]),
        fc.constantFrom({ dt: 0.1 }, {}, { rtol: 1e-2 }),
        (solver, ts, how) => {
          const value = (more: NoisyOptions): number => loss({ ...how, solver, ...more }, ts)(...at).itemSync();
          expect(value(back)).toBe(value(steps));
        },
      ),
      { numRuns: 6 },
    );
    const pushed = [back, steps].map((adjoint) => {
      const rate = (a: Tensor): Tensor =>
        loss({ dt: 0.1, solver: heunStratonovich, ...adjoint })(a, at[1], at[2], at[3]);
      return jvp(rate, [at[0]], [f64(1)])[1].itemSync();
    });
    expect(pushed[0]).toBeCloseTo(pushed[1]!, 12);
  });

  test("compiles, batches, and has derivatives of its own", () => {
    const options: NoisyOptions = { dt: 0.02, solver: heunStratonovich, ...back };
    const eager = gradients(options);
    expect(apart(compile(grad(loss(options), all))(...at).flatMap(numbers), eager)).toBeLessThan(1e-12);
    const plain = withTarget(js(), () =>
      grad(loss({ ...options, key: random.key(3) }), all)(...points()).flatMap(numbers),
    );
    expect(apart(plain, eager)).toBeLessThan(1e-11);
    const rates = vmap(grad(loss(options)), [0, null, null, null])(f64([-0.5, 0.1]), at[1], at[2], at[3]);
    expect(numbers(rates)[0]).toBeCloseTo(eager[0]!, 12);
    const keys = random.split(key, 3);
    const one = (k: Tensor): Tensor => grad(loss({ ...options, key: k }))(...at);
    const each = [0, 1, 2].map((i) => one(keys.slice([i], [i + 1]).reshape([2])).itemSync());
    expect(apart(numbers(vmap(one)(keys)), each)).toBeLessThan(1e-12);
    const second = [back, steps].map((adjoint) => {
      const own = loss({ dt: 1 / 256, solver: heunStratonovich, ...adjoint });
      const slope = (a: Tensor): Tensor => grad(own)(a, at[1], at[2], at[3]);
      return grad(slope)(at[0]).itemSync();
    });
    expect(Math.abs(second[0]! - second[1]!)).toBeLessThan(0.02);
  });
});

describe("errors", () => {
  test("an equation in the sense of Itô is to be converted", () => {
    const ito = { drift: (_t: Tensor, y: Tensor) => y, diffusion: (_t: Tensor, y: Tensor) => y };
    expect(() => sdeint(ito, f64(1), [0, 1], { key, ...back })).toThrow(
      "sdeint: backsolve is for Stratonovich equations, and this is an equation in the sense of Itô; convert it with toStratonovich(sde), or use discretize()",
    );
  });

  test("options of ordinary equations, and langevin fields, are refused", () => {
    expect(() => gradients({ adjoint: backsolve({ rtol: 1e-3, seminorm: false }) })).toThrow(
      "sdeint: backsolve was given rtol, seminorm",
    );
    const field = langevin({ force: (q: Tensor) => q.neg(), friction: 1, temperature: 1 });
    expect(() => sdeint(field, { q: f64(1), p: f64(0) }, [0, 1], { key, ...back })).toThrow(
      "sdeint: backsolve is for equations of drift and diffusion, not for langevin fields",
    );
  });

  test("a state that does not come back refuses the gradient, or makes it NaN", () => {
    const stiff =
      (more: object) =>
      (a: Tensor): Tensor =>
        sdeint(
          {
            drift: (_t: Tensor, y: Tensor) => y.sub(1).mul(a),
            diffusion: (_t: Tensor, y: Tensor) => y.mul(0.1),
            calculus: "stratonovich",
          } as const,
          f64([3]),
          [0, 5],
          { key, dt: 1 / 16, ...back, ...more },
        ).ys.sum();
    expect(() => grad(stiff({}))(f64(-9))).toThrow("the state did not come back to where the forward solve was");
    expect(() => compile(grad(stiff({})))(f64(-9))).toThrow("did not come back");
    expect(grad(stiff({ throw: false }))(f64(-9)).itemSync()).toBeNaN();
  });
});

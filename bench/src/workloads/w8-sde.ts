import { vmap } from "@dzdt/autograd";
import { brownianSteps, eulerMaruyama, sdeint } from "@dzdt/odeint";
import { compile, fori, full, random, scan, type Tensor } from "@dzdt/tensor";
import type { Attempt, Case, Verdict } from "../case";
import { numbersAre } from "../check";
import { mlp, toTensor, training } from "../dzdt";
import { block, type Block, mlpParams, normal } from "../inputs";
import { reference } from "../references";

export const paths = 10_000;
export const steps = 1000;

const geometric: Omit<Case, "name" | "dzdt"> = {
  n: paths,
  dtype: "f32",
  // Mean within 5 standard errors, deviation within 0.012: the error is the larger of the two distances in these units.
  check: (result): Verdict => {
    const values = Array.from(result);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
    const standardError = reference["W8a.std"] / Math.sqrt(paths);
    const error = Math.max(
      Math.abs(mean - reference["W8a.mean"]) / (5 * standardError),
      Math.abs(std - reference["W8a.std"]) / 0.012,
    );
    return { error: values.length === paths ? error : Infinity, tolerance: 1, figures: { mean, std } };
  },
};

function drawn(note: string, solve: (key: Tensor) => Tensor): Attempt {
  const compiled = compile(solve);
  let seed = 0;
  return {
    note,
    run: () => compiled(random.key(seed++)).dispose(),
    result: () => compiled(random.key(0)).data(),
  };
}

const dt = 1 / steps;

/** The loop as one would write it. */
const looped = (): Attempt =>
  drawn("fori, random.normal (threefry)", (key) =>
    fori(
      steps,
      (k, s) =>
        s.mul(
          random
            .normal(random.foldIn(key, k), [paths])
            .mul(0.2 * Math.sqrt(dt))
            .add(1 + 0.05 * dt),
        ),
      full([paths], 1),
    ),
  );

const sde = { drift: (_t: Tensor, s: Tensor) => s.mul(0.05), diffusion: (_t: Tensor, s: Tensor) => s.mul(0.2) };

/** The last states of a shape. */
const solved = (key: Tensor, shape: readonly number[]): Tensor =>
  sdeint(sde, full(shape, 1), [0, 1], { path: brownianSteps({ key }), dt, solver: eulerMaruyama })
    .ys.slice([1], [2])
    .reshape(shape);

const batch = 1024;

/** Drift and diffusion networks, starting states, and increments of 100 steps. */
export const inputs = (): { y0: Block; dW: Block; drift: Block[]; diffusion: Block[] } => ({
  y0: block(normal(81, batch * 3), batch, 3),
  dW: block(
    normal(82, 100 * batch * 3).map((v) => 0.1 * v),
    100,
    batch,
    3,
  ),
  drift: mlpParams(83, [3, 64, 3]),
  diffusion: mlpParams(84, [3, 64, 3]),
});

function neural(forwardOnly: boolean): Attempt {
  const { y0, dW, drift, diffusion } = inputs();
  const data = { y0: toTensor(y0), dW: toTensor(dW) };
  const loss = (p: Tensor[], { y0, dW }: typeof data): Tensor => {
    const [f, g] = [p.slice(0, 4), p.slice(4)];
    const [end] = scan((y, dw) => [y.add(mlp(f, y).mul(0.01)).add(mlp(g, y).mul(dw)), []], y0, dW);
    return end.square().mean();
  };
  const blocks = [...drift, ...diffusion];
  if (!forwardOnly) return training(blocks, data, loss);
  const params = blocks.map((b) => toTensor(b));
  const compiled = compile(loss);
  return { run: () => compiled(params, data).dispose(), result: async () => [await compiled(params, data).item()] };
}

/** Euler–Maruyama: geometric Brownian motion with normals of the program's own, by a loop and by `sdeint`, and a neural equation with given increments. */
export const cases: readonly Case[] = [
  { ...geometric, name: "W8a", dzdt: looped },
  { ...geometric, name: "W8a.sdeint", dzdt: () => drawn("sdeint, brownianSteps", (key) => solved(key, [paths])) },
  {
    ...geometric,
    name: "W8a.vmap",
    dzdt: () =>
      drawn("vmap over keys, sdeint, brownianSteps", (key) =>
        vmap((own: Tensor) => solved(own, []))(random.split(key, paths)),
      ),
  },
  {
    name: "W8b.fwd",
    n: batch,
    dtype: "f32",
    check: numbersAre(reference.W8b.slice(0, 1), 1e-3),
    dzdt: () => neural(true),
  },
  { name: "W8b.train", n: batch, dtype: "f32", check: numbersAre(reference.W8b, 3e-3), dzdt: () => neural(false) },
];

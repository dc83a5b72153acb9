import { errorWeights, firstStep, outputsWithin, outputWeights, rows, stepFactor, trialStep } from "../dormand-prince";
import { type Array, jax, np, shared, square, valuesOf } from "./library";

/** dy = field(params, y); uses up y, but not the parameters. */
export type Field = (params: readonly Array[], y: Array) => Array;

/** Σ wᵢ kᵢ, none of which is used up. */
function weighted(ks: readonly Array[], weights: readonly number[]): Array {
  let sum: Array | undefined;
  weights.forEach((w, i) => {
    if (w === 0) return;
    const term = ks[i]!.ref.mul(w);
    sum = sum ? sum.add(term) : term;
  });
  return sum!;
}

/** The seven slopes of a step and its end; k1 and y are used up. */
function stages(field: Field, params: readonly Array[], y: Array, k1: Array, h: Array): { ks: Array[]; end: Array } {
  const ks = [k1];
  let end = y.ref;
  for (const row of rows) {
    end.dispose();
    end = y.ref.add(weighted(ks, row).mul(h.ref));
    ks.push(field(params, end.ref));
  }
  y.dispose();
  return { ks, end };
}

/** The steps of a solve: lengths, outputs within each, evaluations. */
export interface Steps {
  readonly lengths: number[];
  readonly outputs: number[][];
  readonly evaluations: number;
}

/**
 * Finds the steps of an adaptive solve, driven from outside: the library has no loops that stop. Each step is one compiled call whose error
 * is waited for.
 */
export function planner(field: Field, rtol: number, atol: number) {
  const norm = (x: Array, scale: Array): Array => np.sqrt(np.mean(square(x.div(scale.mul(rtol).add(atol)))));
  const slope = jax.jit((params: Array[], y: Array) => field(params, y));
  const size = jax.jit((x: Array, y: Array) => norm(x, np.abs(y)));
  const attempt = jax.jit((params: Array[], y: Array, k1: Array, h: Array) => {
    const { ks, end } = stages(field, params, y.ref, k1, h);
    const error = norm(weighted(ks, errorWeights).mul(h), np.maximum(np.abs(y), np.abs(end.ref)));
    return [end, ks[6]!, error] as [Array, Array, Array];
  });
  const number = async (x: Array): Promise<number> => (await valuesOf(x))[0]!;
  return async (params: readonly Array[], y0: Array, ts: readonly number[]): Promise<Steps> => {
    let k1 = slope(shared(params), y0.ref);
    const rate = await number(size(k1.ref, y0.ref));
    const trial = trialStep(await number(size(y0.ref, y0.ref)), rate);
    const moved = slope(shared(params), y0.ref.add(k1.ref.mul(trial)));
    let h = firstStep(trial, rate, (await number(size(moved.sub(k1.ref), y0.ref))) / trial);
    let [t, y, evaluations, served] = [ts[0]!, y0.ref, 2, 1];
    const [lengths, outputs]: [number[], number[][]] = [[], []];
    while (served < ts.length) {
      const [end, k7, scaled] = attempt(shared(params), y.ref, k1.ref, np.array(h));
      const error = await number(scaled);
      evaluations += rows.length;
      const [used, kept] = error <= 1 ? [[y, k1], [end, k7] as const] : [[end, k7], [y, k1] as const];
      if (error <= 1) {
        const thetas = outputsWithin(ts, served, t, h);
        lengths.push(h);
        outputs.push(thetas);
        served += thetas.length;
        t += h;
      }
      used.forEach((x) => x.dispose());
      [y, k1] = kept;
      h *= stepFactor(error);
    }
    y.dispose();
    k1.dispose();
    return { lengths, outputs, evaluations };
  };
}

/** Where outputs fall: solves with the same pattern share a program. */
export const patternOf = ({ outputs }: Steps): number[] => outputs.map((thetas) => thetas.length);

/** Lengths of steps `[steps]` and weights of outputs `[outputs, 7]`, as arrays. */
export function coefficients({ lengths, outputs }: Steps): [lengths: Array, weights: Array] {
  const weights = outputs.flat().flatMap(outputWeights);
  return [np.array(lengths), np.array(Float32Array.from(weights), { shape: [weights.length / 7, 7] })];
}

/** The same solve over known steps, which is differentiable. Uses up y0 and the coefficients. */
export function replay(
  field: Field,
  params: readonly Array[],
  pattern: readonly number[],
  y0: Array,
  lengths: Array,
  weights: Array,
): Array {
  const ys = [y0.ref];
  let y = y0;
  let k1 = field(params, y.ref);
  pattern.forEach((count, step) => {
    const h = lengths.ref.slice(step);
    const { ks, end } = stages(field, params, y.ref, k1, h.ref);
    for (let i = 0; i < count; i++) {
      const row = ys.length - 1;
      const sum = ks.map((k, j) => k.ref.mul(weights.ref.slice(row, j))).reduce((a, b) => a.add(b));
      ys.push(y.ref.add(sum.mul(h.ref)));
    }
    [y, k1] = [end, ks[6]!];
  });
  return np.stack(ys);
}

/** One classical Runge–Kutta step from each time to the next. Uses up y0. */
export function classical(field: Field, params: readonly Array[], y0: Array, ts: readonly number[]): Array {
  const ys = [y0.ref];
  let y = y0;
  for (let i = 1; i < ts.length; i++) {
    const h = ts[i]! - ts[i - 1]!;
    const k1 = field(params, y.ref);
    const k2 = field(params, y.ref.add(k1.ref.mul(h / 2)));
    const k3 = field(params, y.ref.add(k2.ref.mul(h / 2)));
    const k4 = field(params, y.ref.add(k3.ref.mul(h)));
    y = y.add(
      k1
        .add(k4)
        .add(k2.add(k3).mul(2))
        .mul(h / 6),
    );
    ys.push(y.ref);
  }
  return np.stack(ys);
}

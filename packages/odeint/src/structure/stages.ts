import { cast, isFinite, type Tensor, where, whileLoop } from "@dzdt/tensor";

/** Equations of stages. All that they are made of is constant to derivatives. */
export interface StageEquations {
  /** Where to begin. */
  readonly start: Tensor;
  /** k → the k that its states ask for; undefined where a mass matrix is in the way. */
  readonly image: ((k: Tensor) => Tensor) | undefined;
  /** Newton's correction to k, with the Jacobian there. */
  readonly correction: (k: Tensor) => Tensor;
  /** The size of a change to k beside the state: a scalar, some 2⁻⁵² for one that rounding makes. */
  readonly size: (change: Tensor, k: Tensor) => Tensor;
  readonly dtype: "float32" | "float64";
  /** To which the equations round, at least in part. */
  readonly narrowest: "float32" | "float64";
}

/** Changes that shrink no faster than this are left to Newton's method. */
const slowest = 0.5;
const mostRepeats = 60;
const mostCorrections = 50;

/** Running, solved, given up. */
const [going, solved, failed] = [0, 1, 2];

/**
 * Solves equations of stages to rounding. While they contract, by repetition until changes no longer shrink: such steps lose no energy to what the
 * iteration leaves over, Hairer, Lubich and Wanner 2006, VIII.6. Where they do not, by Newton's method with a new Jacobian for each correction.
 * @returns k, NaN where neither converges, and how often the equations were evaluated, int32
 */
export function solveStages(equations: StageEquations): { readonly k: Tensor; readonly count: Tensor } {
  const { start, correction, size, dtype, narrowest, image } = equations;
  const one = size(start, start).mul(0).add(1);
  const repeated = image ? repeat(equations, image, one) : { k: start, state: one.mul(failed), count: one.mul(0) };
  // A correction tells what was left before it, and leaves its square.
  const enough = (of: "float32" | "float64"): number => (of === "float64" ? 1e-11 : 1e-5);
  const done = repeated.state.equal(solved);
  const end = whileLoop(
    ({ state }) => state.equal(going),
    ({ k, before, count }) => {
      const change = correction(k);
      const next = k.add(change);
      const measure = size(change, next);
      // Rounding does not shrink.
      const stalled = measure.lessEqual(enough(narrowest)).and(measure.greater(before.mul(0.25)));
      const ended = measure.lessEqual(enough(dtype)).or(stalled);
      const state = one.mul(where(ended, solved, where(isFinite(measure), going, failed)));
      return { k: next, before: measure, state, count: count.add(1) };
    },
    {
      k: where(done, repeated.k, start),
      before: one.mul(Infinity),
      state: one.mul(where(done, solved, going)),
      count: repeated.count,
    },
    { maxSteps: mostCorrections },
  );
  return { k: where(end.state.equal(solved), end.k, NaN), count: cast(end.count, "int32") };
}

function repeat(
  { start, size, narrowest }: StageEquations,
  image: (k: Tensor) => Tensor,
  one: Tensor,
): { k: Tensor; state: Tensor; count: Tensor } {
  // From here on changes are rounding when they no longer shrink.
  const small = 2 ** (narrowest === "float64" ? -40 : -12);
  const { k, state, count } = whileLoop(
    ({ state }) => state.equal(going),
    ({ k, before, count }) => {
      const next = image(k);
      const now = size(next.sub(k), next);
      const near = now.lessEqual(small);
      const settled = near.and(now.equal(0).or(now.less(before).not()));
      const slow = near.or(now.less(before.mul(slowest))).not();
      return {
        k: next,
        before: now,
        state: one.mul(where(settled, solved, where(slow, failed, going))),
        count: count.add(1),
      };
    },
    { k: start, before: one.mul(1e30), state: one.mul(going), count: one.mul(0) },
    { maxSteps: mostRepeats },
  );
  return { k, state, count };
}

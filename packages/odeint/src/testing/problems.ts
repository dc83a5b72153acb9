import {
  add,
  concat,
  cos,
  div,
  exp,
  matmul,
  mul,
  neg,
  pow,
  sin,
  split,
  square,
  sub,
  type Tensor,
  tensor,
} from "@dzdt/tensor";

/** An initial value problem of which the solution is known. */
export interface TestProblem {
  readonly name: string;
  /** dy/dt for a state `[n]`. */
  readonly field: (t: Tensor, y: Tensor) => Tensor;
  readonly y0: readonly number[];
  readonly t0: number;
  readonly t1: number;
  /** y(t1), to float64 precision. */
  readonly solution: readonly number[];
  /** The solution at any time, where a formula exists. */
  readonly exact?: (t: number) => number[];
}

const parts = (y: Tensor): Tensor[] => split(y, y.size);

type ExactProblem = Omit<TestProblem, "solution" | "exact"> & Required<Pick<TestProblem, "exact">>;

const solved = (problem: ExactProblem): TestProblem => ({ ...problem, solution: problem.exact(problem.t1) });

/** y′ = −y. */
export const exponential: TestProblem = solved({
  name: "exponential",
  field: (_t, y) => neg(y),
  y0: [1],
  t0: 0,
  t1: 2,
  exact: (t) => [Math.exp(-t)],
});

/** y′ = y cos t with y = exp(sin t): DETEST A3, whose field depends on time. */
export const oscillatingGrowth: TestProblem = solved({
  name: "oscillatingGrowth",
  field: (t, y) => mul(y, cos(t)),
  y0: [1],
  t0: 0,
  t1: 5,
  exact: (t) => [Math.exp(Math.sin(t))],
});

/** A slow Gaussian bump: y′ = −2 t y from t = −1. */
export const bump: TestProblem = solved({
  name: "bump",
  field: (t, y) => mul(mul(t, -2), y),
  y0: [Math.exp(-1)],
  t0: -1,
  t1: 1.5,
  exact: (t) => [Math.exp(-t * t)],
});

const diffusion = Array.from({ length: 10 }, (_, i) =>
  Array.from({ length: 10 }, (_, j) => (i === j ? -2 : Math.abs(i - j) === 1 ? 1 : 0)),
);

const modes = (t: number, j: number): number =>
  Array.from({ length: 10 }, (_, i) => ((i + 1) * Math.PI) / 11).reduce(
    (sum, angle) =>
      sum + (2 / 11) * Math.sin(angle) * Math.sin((j + 1) * angle) * Math.exp((2 * Math.cos(angle) - 2) * t),
    0,
  );

/** Ten linear equations, the heat equation on a rod: DETEST C3. */
export const linear: TestProblem = solved({
  name: "linear",
  field: (_t, y) => matmul(tensor(diffusion, { dtype: y.dtype, target: y.target }), y),
  y0: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  t0: 0,
  t1: 2,
  exact: (t) => Array.from({ length: 10 }, (_, j) => modes(t, j)),
});

/** H = p²/2 − cos q with state [q, p]. */
export const pendulum: TestProblem = {
  name: "pendulum",
  field: (_t, y) => {
    const [q, p] = parts(y) as [Tensor, Tensor];
    return concat([p, neg(sin(q))]);
  },
  y0: [1, 0.5],
  t0: 0,
  t1: 5,
  solution: [-0.6909373320194365, 0.8430263622555063],
};

/** Prey and predators, with rates 1.5, 1, 3 and 1. */
export const lotkaVolterra: TestProblem = {
  name: "lotkaVolterra",
  field: (_t, y) => {
    const [prey, predators] = parts(y) as [Tensor, Tensor];
    const meetings = mul(prey, predators);
    return concat([sub(mul(prey, 1.5), meetings), sub(meetings, mul(predators, 3))]);
  },
  y0: [1, 1],
  t0: 0,
  t1: 5,
  solution: [6.098494675971743, 0.6281379021874609],
};

/** Lorenz's equations with σ = 10, ρ = 28, β = 8/3, for a time before chaos amplifies rounding. */
export const lorenz: TestProblem = {
  name: "lorenz",
  field: (_t, state) => {
    const [x, y, z] = parts(state) as [Tensor, Tensor, Tensor];
    return concat([mul(sub(y, x), 10), sub(mul(x, sub(28, z)), y), sub(mul(x, y), mul(z, 8 / 3))]);
  },
  y0: [1, 1, 1],
  t0: 0,
  t1: 2,
  solution: [-8.173499932242249, -9.5620236867988, 24.62070204967966],
};

/** The Brusselator: 1 + x² y − 4 x, 3 x − x² y. */
export const brusselator: TestProblem = {
  name: "brusselator",
  field: (_t, state) => {
    const [x, y] = parts(state) as [Tensor, Tensor];
    const reaction = mul(square(x), y);
    return concat([sub(add(reaction, 1), mul(x, 4)), sub(mul(x, 3), reaction)]);
  },
  y0: [1.5, 3],
  t0: 0,
  t1: 20,
  solution: [0.49863707126834783, 4.596780349452011],
};

const gravity = (x: Tensor, y: Tensor): Tensor => pow(add(square(x), square(y)), -1.5);

/** One period of a Kepler orbit of eccentricity 1/2, state [x, y, x′, y′]. */
export const kepler: TestProblem = {
  name: "kepler",
  field: (_t, state) => {
    const [x, y, u, v] = parts(state) as [Tensor, Tensor, Tensor, Tensor];
    const pull = neg(gravity(x, y));
    return concat([u, v, mul(pull, x), mul(pull, y)]);
  },
  y0: [0.5, 0, 0, Math.sqrt(3)],
  t0: 0,
  t1: 2 * Math.PI,
  solution: [0.5, 0, 0, Math.sqrt(3)],
};

const moon = 0.012277471;
const earth = 1 - moon;

/** One period of Arenstorf's orbit around the earth and the moon: Hairer, Nørsett and Wanner 1993, II.0. */
export const arenstorf: TestProblem = {
  name: "arenstorf",
  field: (_t, state) => {
    const [x, y, u, v] = parts(state) as [Tensor, Tensor, Tensor, Tensor];
    const toEarth = add(x, moon);
    const toMoon = sub(x, earth);
    const pullEarth = mul(gravity(toEarth, y), earth);
    const pullMoon = mul(gravity(toMoon, y), moon);
    return concat([
      u,
      v,
      sub(add(x, mul(v, 2)), add(mul(pullEarth, toEarth), mul(pullMoon, toMoon))),
      sub(sub(y, mul(u, 2)), mul(add(pullEarth, pullMoon), y)),
    ]);
  },
  y0: [0.994, 0, 0, -2.0015851063790824],
  t0: 0,
  t1: 17.065216560157964,
  // The published period is the orbit's to about 1e-11 only.
  solution: [0.993999999999974, -8.855134620121e-14, -1.4388667357318e-11, -2.001585106383129],
};

/** A field that shows a wrong node c: y₀ cos 3t + sin t², y₀ − t y₁. */
export const nonautonomousStages: TestProblem = {
  name: "nonautonomousStages",
  field: (t, y) => {
    const [a, b] = parts(y) as [Tensor, Tensor];
    return concat([add(mul(a, cos(mul(t, 3))), sin(mul(t, t))), sub(a, mul(t, b))]);
  },
  y0: [1, 0.5],
  t0: 0,
  t1: 2,
  solution: [1.699760385004774, 0.9716096478741174],
};

/** A rational field that is singular behind the start: y′ = −y² with y = 1/(1+t). */
export const hyperbola: TestProblem = solved({
  name: "hyperbola",
  field: (_t, y) => neg(square(y)),
  y0: [1],
  t0: 0,
  t1: 4,
  exact: (t) => [1 / (1 + t)],
});

/** Relaxation to a moving target: y′ = 2 (e^(−t) − y), y = 2 e^(−t) − e^(−2t). */
export const relaxation: TestProblem = solved({
  name: "relaxation",
  field: (t, y) => mul(sub(exp(neg(t)), y), 2),
  y0: [1],
  t0: 0,
  t1: 3,
  exact: (t) => [2 * Math.exp(-t) - Math.exp(-2 * t)],
});

/** Growth that turns into decay, with a division: y′ = y / (1 + t) − y. */
export const quotient: TestProblem = solved({
  name: "quotient",
  field: (t, y) => sub(div(y, add(t, 1)), y),
  y0: [1],
  t0: 0,
  t1: 3,
  exact: (t) => [(1 + t) * Math.exp(-t)],
});

/** Every problem above. */
export const problems: readonly TestProblem[] = [
  exponential,
  oscillatingGrowth,
  bump,
  linear,
  pendulum,
  lotkaVolterra,
  lorenz,
  brusselator,
  kepler,
  arenstorf,
  nonautonomousStages,
  hyperbola,
  relaxation,
  quotient,
];

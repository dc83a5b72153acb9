// What the work–precision diagrams are of.
import { separable, type Solver } from "@dzdt/odeint";
import * as solvers from "@dzdt/odeint";
import { add, concat, mul, norm, stack, sub, type Tensor, type Tree } from "@dzdt/tensor";

/** A problem, and who solves it. */
export interface DiagramProblem {
  readonly name: string;
  readonly title: string;
  readonly field: (t: Tensor, y: never, args: never) => Tree;
  /** float64 numbers; a state `{ q, p }` has both. */
  readonly y0: readonly number[] | { readonly q: readonly number[]; readonly p: readonly number[] };
  readonly t1: number;
  readonly solvers: readonly { readonly name: string; readonly solver: Solver }[];
  /** Who says what is right. */
  readonly judge: Solver;
  /** Powers of ten of the relative tolerances, and of the absolute one beside each. */
  readonly tolerances: readonly [from: number, to: number];
  readonly atol: number;
  /** Steps of one length in place of tolerances. */
  readonly steps?: readonly [from: number, to: number];
}

const named = (list: readonly Solver[]): DiagramProblem["solvers"] =>
  list.map((solver) => ({ name: solver.name, solver }));

const { tsit5, dop853, vern7, vern9, adamsBashforthMoulton, odex } = solvers;
const easy = named([tsit5, dop853, vern7, vern9, adamsBashforthMoulton, odex]);
const { trbdf2, kvaerno5, rodas5p, radau5, bdf, auto } = solvers;
const stiff = named([trbdf2, kvaerno5, rodas5p, radau5, bdf, auto]);

const at = (y: Tensor, i: number): Tensor => y.slice([i], [i + 1]).reshape([]);

const lotkaVolterra = (_t: Tensor, y: Tensor): Tensor => {
  const [prey, predator] = [at(y, 0), at(y, 1)];
  return stack([mul(prey, sub(1.5, predator)), mul(predator, sub(prey, 3))]);
};

const lorenz = (_t: Tensor, y: Tensor): Tensor => {
  const [a, b, c] = [at(y, 0), at(y, 1), at(y, 2)];
  return stack([sub(b, a).mul(10), sub(mul(a, sub(28, c)), b), sub(mul(a, b), mul(c, 8 / 3))]);
};

/** The moon's share of the mass. */
const mu = 0.012277471;

const arenstorf = (_t: Tensor, y: Tensor): Tensor => {
  const [x1, x2, v1, v2] = [at(y, 0), at(y, 1), at(y, 2), at(y, 3)];
  const cubed = (shift: number): Tensor => {
    const square = add(mul(add(x1, shift), add(x1, shift)), mul(x2, x2));
    return square.mul(square.sqrt());
  };
  const [earth, moon] = [cubed(mu), cubed(mu - 1)];
  const pulled = (x: Tensor, byEarth: Tensor, byMoon: Tensor): Tensor =>
    x.sub(byEarth.mul(1 - mu).div(earth)).sub(byMoon.mul(mu).div(moon));
  return stack([v1, v2, pulled(x1.add(v2.mul(2)), x1.add(mu), x1.add(mu - 1)), pulled(x2.sub(v1.mul(2)), x2, x2)]);
};

const vanDerPol = (_t: Tensor, y: Tensor): Tensor => {
  const [x, v] = [at(y, 0), at(y, 1)];
  return stack([v, sub(mul(sub(1, mul(x, x)), v), x).mul(1e6)]);
};

const robertson = (_t: Tensor, y: Tensor): Tensor => {
  const [a, b, c] = [at(y, 0), at(y, 1), at(y, 2)];
  const [slow, fast, back] = [a.mul(0.04), mul(b, b).mul(3e7), mul(b, c).mul(1e4)];
  return concat([stack([back.sub(slow), slow.sub(back).sub(fast), fast])]);
};

const kepler = separable({
  velocity: (p: Tensor) => p,
  force: (q: Tensor) => {
    const r = norm(q);
    return q.div(r.mul(r).mul(r)).neg();
  },
});

const eccentricity = 0.5;

/** The problems, in the order in which they are drawn. */
export const diagramProblems: readonly DiagramProblem[] = [
  {
    name: "lotka-volterra",
    title: "Lotka–Volterra, t = 10",
    field: lotkaVolterra,
    y0: [1, 1],
    t1: 10,
    solvers: easy,
    judge: vern9,
    tolerances: [3, 12],
    atol: 0,
  },
  {
    name: "arenstorf",
    title: "Arenstorf’s orbit, one period",
    field: arenstorf,
    y0: [0.994, 0, 0, -2.0015851063790824],
    t1: 17.065216560157964,
    solvers: easy,
    judge: vern9,
    tolerances: [5, 12],
    atol: 0,
  },
  {
    name: "lorenz",
    title: "Lorenz, t = 5",
    field: lorenz,
    y0: [1, 0, 0],
    t1: 5,
    solvers: easy,
    judge: vern9,
    tolerances: [3, 12],
    atol: 0,
  },
  {
    name: "van-der-pol",
    title: "van der Pol, 1/ε = 10⁶, t = 2",
    field: vanDerPol,
    y0: [2, -0.66],
    t1: 2,
    solvers: stiff,
    judge: radau5,
    tolerances: [2, 8],
    atol: 0,
  },
  {
    name: "robertson",
    title: "Robertson, t = 10⁴",
    field: robertson,
    y0: [1, 0, 0],
    t1: 1e4,
    solvers: stiff,
    judge: radau5,
    tolerances: [2, 8],
    atol: -6,
  },
  {
    name: "kepler",
    title: "Kepler, eccentricity 1/2, ten periods, steps of one length",
    field: kepler,
    y0: { q: [1 - eccentricity, 0], p: [0, Math.sqrt((1 + eccentricity) / (1 - eccentricity))] },
    t1: 20 * Math.PI,
    solvers: named([
      solvers.leapfrog,
      solvers.pefrl,
      solvers.blanesMoan4S6,
      solvers.kahanLi6S9,
      solvers.kahanLi8S17,
      solvers.gauss6,
      solvers.rk4,
    ]),
    judge: vern9,
    tolerances: [0, 0],
    atol: 0,
    steps: [400, 25_600],
  },
];

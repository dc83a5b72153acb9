import { backsolve, constant, dopri5, odeint, type OdeintOptions, rk4 } from "@dzdt/odeint";
import type { Tensor } from "@dzdt/tensor";
import type { Attempt, Case } from "../case";
import { numbersAre } from "../check";
import { mlp, toTensor, training } from "../dzdt";
import { block, type Block, mlpParams, uniform } from "../inputs";
import { reference } from "../references";

const batch = 20;
const length = 10;
const spacing = 25 / 999;

/** The first 1000 points of the spiral dy/dt = y³ A from (2, 0): classical steps of a hundredth of the spacing, exact to 1e-12. */
function spiral(): [number, number][] {
  const slope = (x: number, y: number): [number, number] => [-0.1 * x ** 3 - 2 * y ** 3, 2 * x ** 3 - 0.1 * y ** 3];
  const h = spacing / 100;
  const points: [number, number][] = [[2, 0]];
  let [x, y] = points[0]!;
  while (points.length < 1000) {
    for (let i = 0; i < 100; i++) {
      const [a, e] = slope(x, y);
      const [b, f] = slope(x + (h / 2) * a, y + (h / 2) * e);
      const [c, g] = slope(x + (h / 2) * b, y + (h / 2) * f);
      const [d, k] = slope(x + h * c, y + h * g);
      x += (h / 6) * (a + 2 * b + 2 * c + d);
      y += (h / 6) * (e + 2 * f + 2 * g + k);
    }
    points.push([x, y]);
  }
  return points;
}

/** Twenty windows of ten points of the spiral. */
export function inputs(): { y0: Block; y: Block; ts: number[]; params: Block[] } {
  const points = spiral();
  const starts = Array.from(uniform(51, batch, 0, 990), Math.floor);
  const at = (i: number): number[] => starts.flatMap((s) => points[s + i]!);
  return {
    y0: block(at(0), batch, 2),
    y: block(Array.from({ length }, (_, i) => at(i)).flat(), length, batch, 2),
    ts: Array.from({ length }, (_, i) => i * spacing),
    params: mlpParams(50, [2, 50, 2], "normal"),
  };
}

/** A network on y³ fitted to the windows through a solver: mean |ys − y|, gradient and Adam's update. */
function attempt(options: OdeintOptions): Attempt {
  const { y0, y, ts, params } = inputs();
  const data = { y0: toTensor(y0), y: toTensor(y) };
  const solve = (p: Tensor[], y0: Tensor) => odeint((_t, y: Tensor) => mlp(p, y.mul(y).mul(y)), y0, ts, options);
  return training(
    params,
    data,
    (p, { y0, y }: { y0: Tensor; y: Tensor }) => solve(p, y0).ys.sub(y).abs().mean(),
    async (p, { y0 }) => {
      const { stats } = solve(p, y0);
      return { nfe_fwd: await stats.evaluations.item(), steps: await stats.steps.item() };
    },
  );
}

const row = (name: string, dzdt: Case["dzdt"]): Case => ({
  name: `W5.${name}`,
  n: batch,
  dtype: "f32",
  check: numbersAre(reference.W5, 1e-3),
  dzdt,
});

export const cases: readonly Case[] = [
  row("dopri5.bptt", () => attempt({ solver: dopri5, rtol: 1e-7, atol: 1e-9 })),
  row("dopri5.adjoint", () => attempt({ solver: dopri5, rtol: 1e-7, atol: 1e-9, adjoint: backsolve() })),
  row("rk4.bptt", () => attempt({ solver: rk4, controller: constant() })),
];

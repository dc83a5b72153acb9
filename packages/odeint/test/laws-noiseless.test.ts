import { random, type Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  constant,
  euler,
  eulerHeun,
  eulerMaruyama,
  explicitRungeKutta,
  heun,
  heunStratonovich,
  logOde,
  midpoint,
  midpointStratonovich,
  milstein,
  odeint,
  ralston,
  ralstonStratonovich,
  reversibleHeun,
  type Sde,
  sdeint,
  type SdeintOptions,
  type SdeSolver,
  generalShark,
  shark,
  slowRk,
  sra1,
  type Solver,
  spark,
  sriw1,
  sriw2,
} from "../src/index";
import { argsOf, field, fields, triple } from "./support/random-fields";
import { f64, last, numbers } from "./support/numbers";

/** The method that a stochastic one is where there is no noise. */
const drift = ({ name, c, a, b }: Pick<typeof shark, "name" | "c" | "a" | "b">): Solver =>
  explicitRungeKutta({ name, c, a, b, order: 1, reference: "" });

interface Pair {
  readonly stochastic: SdeSolver;
  readonly ordinary: Solver;
  readonly calculus: "ito" | "stratonovich";
  readonly noise?: "additive";
}

const classic: readonly Pair[] = [
  { stochastic: eulerMaruyama, ordinary: euler, calculus: "ito" },
  { stochastic: milstein, ordinary: euler, calculus: "ito" },
  { stochastic: eulerHeun, ordinary: euler, calculus: "stratonovich" },
  { stochastic: logOde, ordinary: midpoint, calculus: "stratonovich" },
  { stochastic: heunStratonovich, ordinary: heun, calculus: "stratonovich" },
  { stochastic: midpointStratonovich, ordinary: midpoint, calculus: "stratonovich" },
  { stochastic: ralstonStratonovich, ordinary: ralston, calculus: "stratonovich" },
  { stochastic: reversibleHeun, ordinary: reversibleHeun, calculus: "stratonovich" },
];
const tableaus: readonly Pair[] = [
  ...[spark, slowRk, generalShark].map((solver): Pair => ({
    stochastic: solver,
    ordinary: drift(solver),
    calculus: "stratonovich",
  })),
  ...[shark, sra1].map((solver): Pair => ({
    stochastic: solver,
    ordinary: drift(solver),
    calculus: "ito",
    noise: "additive",
  })),
  ...[sriw1, sriw2].map((solver): Pair => ({
    stochastic: solver,
    ordinary: drift({ name: solver.name, c: solver.c0, a: solver.a0, b: solver.alpha }),
    calculus: "ito",
  })),
];
const pairs = [...classic, ...tableaus].map((pair) => ({ ...pair, name: pair.stochastic.name }));

const key = random.key(3);

describe.each(pairs)("$name", ({ stochastic, ordinary, calculus, noise = "diagonal" }) => {
  test("without noise is the solver of its drift, to the bit", () => {
    fc.assert(
      fc.property(fields, triple, (n, y0) => {
        const [start, args] = [f64([...y0, 0]), argsOf(n)];
        const sde: Sde<Tensor, typeof args> = {
          drift: field,
          diffusion: () => f64([0, 0, 0, 0]),
          ...({ calculus, noise } as object),
        };
        const options: object = { key, dt: 1 / 16, solver: stochastic, args };
        const found = sdeint(sde, start, [0, 1], options as SdeintOptions<typeof args>);
        const { ys } = odeint(field, start, [0, 1], { solver: ordinary, controller: constant({ dt: 1 / 16 }), args });
        expect(numbers(last(found.ys))).toEqual(numbers(last(ys)));
      }),
      { numRuns: 4 },
    );
  });
});

import { grad, hvp, vmap } from "@dzdt/autograd";
import { compile, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, discretize, dop853, leapfrog, odeint, type OdeintOptions, rk4, separable } from "../index";
import { f64, numbers } from "../../test/support/numbers";

const field = (t: Tensor, y: Tensor, k: Tensor): Tensor => y.mul(k).neg().add(t.sin()).add(y.square().mul(0.01));

interface Case {
  readonly name: string;
  readonly ts: number[];
  readonly options: OdeintOptions<Tensor>;
}

const tight = { rtol: 1e-9, atol: 1e-9, maxSteps: 400 };
const fixed = { solver: rk4, controller: constant({ dt: 0.013 }), maxSteps: 400 };
const cases: readonly Case[] = [
  { name: "adaptive", ts: [0, 3], options: tight },
  { name: "adaptive with outputs", ts: [0, 0.7, 1.3, 3], options: { ...tight, solver: dop853 } },
  { name: "fixed", ts: [0, 1], options: fixed },
  { name: "fixed with outputs", ts: [1, 0.5, 0], options: fixed },
  {
    name: "from time to time",
    ts: Array.from({ length: 40 }, (_, k) => k / 10),
    options: { solver: rk4, controller: constant(), maxSteps: 50 },
  },
  { name: "independent, adaptive", ts: [0, 1], options: { ...tight, batch: "independent" } },
  { name: "independent, fixed", ts: [0, 1], options: { ...fixed, batch: "independent" } },
];

describe.each(cases)("gradients of a solve, $name, are the same to the bit whatever is kept:", ({ ts, options }) => {
  const state = options.batch
    ? [
        [1, 2],
        [9, 0.3],
      ]
    : [1, 2];
  const [y0, k, times] = [f64(state), f64(0.7), f64(ts)];
  type Loss = (y: Tensor, k: Tensor, ts: Tensor) => Tensor;
  const derivatives: [string, (loss: Loss) => Tensor[]][] = [
    ["of y0, args and ts", (loss) => [...grad(loss, [0, 1, 2])(y0, k, times)]],
    [
      "compiled",
      (loss) => [...compile((...ins: [Tensor, Tensor, Tensor]) => grad(loss, [0, 1, 2])(...ins))(y0, k, times)],
    ],
    ["of a vmap", (loss) => [vmap((each: Tensor) => grad(loss)(y0, each, times))(f64([0.7, 0.3]))]],
    ["times a vector, by their tangents", (loss) => [hvp((y: Tensor) => loss(y, k, times), y0, y0)]],
  ];
  test.each(derivatives)("%s", (_, derivative) => {
    const [all, ...others] = (["all", "sqrt", "log", 5] as const).map((checkpoints) => {
      const adjoint = discretize({ checkpoints });
      return derivative((y, args, t) =>
        odeint(field, y, t, { ...options, args, adjoint })
          .ys.square()
          .sum(),
      );
    });
    for (const other of others) expect(other.map(numbers)).toEqual(all!.map(numbers));
  });
});

test("symplectic steps are taken again alike", () => {
  const oscillator = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.sin().neg() });
  const slopes = (["all", "sqrt", 7] as const).map((checkpoints) => {
    const loss = (q: Tensor): Tensor =>
      odeint(oscillator, { q, p: f64(0.3) }, [0, 20], {
        solver: leapfrog,
        dt0: 0.1,
        maxSteps: 256,
        adjoint: discretize({ checkpoints }),
      }).ys.q.sum();
    return grad(loss)(f64(1)).itemSync();
  });
  expect(slopes).toEqual([slopes[0], slopes[0], slopes[0]]);
});

test.each<[RegExp, () => unknown]>([
  [/discretize: checkpoints is -1; give "all"/, () => discretize({ checkpoints: -1 })],
  [/discretize: unknown option checkpoint; did you mean checkpoints/, () => discretize({ checkpoint: 1 } as never)],
  [
    /adjoint is of no known kind; give discretize\(\)/,
    () => odeint(field, f64([1]), [0, 1], { args: f64(1), adjoint: null as never }),
  ],
])("%s", (message, call) => expect(call).toThrow(message));

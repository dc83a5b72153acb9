import {
  backsolve,
  cdeint,
  constant,
  cubicPath,
  ddeint,
  discretize,
  event,
  forwardSensitivity,
  interpolating,
  leapfrog,
  linearPath,
  odeint,
  type OdeintOptions,
  pid,
  quadrature,
  reversible,
  reversibleHeun,
  rk4,
  sdeint,
  separable,
} from "@dzdt/odeint";
import { concat, cos, neg, random, sin, stack, tanh, type Tensor, tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, type Solve } from "./webgpu-solvers";

const at = (x: Tensor, i: number): Tensor => x.slice([i], [i + 1]);
const start = [1.2, -0.4, 0.7];

/** A damped pendulum: state and damping are the parameters. */
const field = (t: Tensor, y: Tensor, damping: Tensor): Tensor =>
  concat([
    at(y, 1),
    neg(sin(at(y, 0)))
      .sub(damping.mul(at(y, 1)))
      .add(cos(t).mul(0.1)),
  ]);

const solved =
  (options: Omit<OdeintOptions<Tensor>, "args">, ts: readonly number[] = [0, 0.4, 1]): Solve =>
  (x) =>
    odeint(field, x.slice([0], [2]), ts, { args: at(x, 2), maxSteps: 300, ...options }).ys;

describe("adjoints give the gradients that they give on wasm", () => {
  const tight = pid({ rtol: 1e-4, atol: 1e-5 });
  const adjoints = {
    discretize: discretize({ checkpoints: "sqrt" }),
    backsolve: backsolve(),
    interpolating: interpolating(),
    forwardSensitivity: forwardSensitivity(),
  };
  test.each(Object.entries(adjoints))("%s, with steps chosen by their errors", async (_name, adjoint) => {
    await agrees(solved({ adjoint, controller: tight }), start, { value: 1e-3, gradient: 3e-3 });
  });

  test.each(Object.entries(adjoints))("%s, with steps of one length", async (_name, adjoint) => {
    const options = { adjoint, solver: rk4, controller: constant({ dt: 0.1 }) };
    await agrees(solved(options), start, { value: 1e-5, gradient: 3e-5 });
  });

  test("reversible", async () => {
    const options = { adjoint: reversible(), solver: reversibleHeun, controller: constant({ dt: 0.1 }) };
    await agrees(solved(options, [0, 1]), start, { value: 1e-5, gradient: 1e-4 });
    const spring = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => neg(sin(q)) });
    const turning: Solve = (x) =>
      odeint(spring, { q: at(x, 0), p: at(x, 1) }, [0, 1], {
        solver: leapfrog,
        controller: constant({ dt: 0.1 }),
        adjoint: reversible(),
      }).ys.q;
    await agrees(turning, start, { value: 1e-5, gradient: 1e-4 });
  });

  test("reversible, of a stochastic equation", async () => {
    const sde = {
      drift: (t: Tensor, y: Tensor, a: Tensor) => neg(y).mul(a).add(sin(t)),
      diffusion: (_t: Tensor, y: Tensor, a: Tensor) => sin(y).mul(a).mul(0.3),
      calculus: "stratonovich",
    } as const;
    const solve: Solve = (x) =>
      sdeint(sde, x.slice([0], [2]), [0, 0.5, 1], {
        key: random.key(4),
        solver: reversibleHeun,
        dt: 0.125,
        adjoint: reversible(),
        args: at(x, 2),
      }).ys;
    await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
  });

  test("of each of an ensemble", async () => {
    const solve: Solve = (x) => {
      const y0 = stack([0, 1, 2, 3].map((i) => x.slice([0], [2]).mul(1 + i / 4)));
      return odeint(field, y0, [0, 1], { args: at(x, 2), batch: "independent", maxSteps: 300, controller: tight }).ys;
    };
    await agrees(solve, start, { value: 1e-3, gradient: 3e-3 });
  });
});

describe("events", () => {
  const ball = (_t: Tensor, y: Tensor, g: Tensor): Tensor => concat([at(y, 1), neg(g)]);
  const height = (_t: Tensor, y: Tensor): Tensor => at(y, 0).reshape([]);

  test("that end the solve: time and state, with their gradients", async () => {
    const solve: Solve = (x) => {
      const landing = event(height, { terminal: true, direction: "down" });
      const { events } = odeint(ball, x.slice([0], [2]), [0, 5], {
        args: at(x, 2),
        events: [landing],
        maxEvents: 1,
        maxSteps: 200,
        controller: pid({ rtol: 1e-4, atol: 1e-5 }),
      });
      return concat([events[0]!.t, events[0]!.y.reshape([2])]);
    };
    await agrees(solve, [3, 1, 9.81], { value: 1e-4, gradient: 1e-3 });
  });

  test("that change the state, with outputs between them", async () => {
    const solve: Solve = (x) => {
      const bounce = event(height, {
        direction: "down",
        reset: (_t: Tensor, y: Tensor) => concat([at(y, 0), at(y, 1).mul(-0.8)]),
      });
      return odeint(ball, x.slice([0], [2]), [0, 0.5, 1, 1.6, 2], {
        args: at(x, 2),
        events: [bounce],
        maxEvents: 4,
        maxSteps: 200,
        controller: pid({ rtol: 1e-4, atol: 1e-5 }),
      }).ys;
    };
    await agrees(solve, [2, 0.5, 9.81], { value: 1e-3, gradient: 3e-3 });
  });

  test("at times that are given", async () => {
    const solve: Solve = (x) => {
      const kick = event({ at: [0.25, 0.7], reset: (_t: Tensor, y: Tensor) => y.mul(1.5) });
      return odeint(field, x.slice([0], [2]), [0, 0.5, 1], {
        args: at(x, 2),
        events: [kick],
        solver: rk4,
        controller: constant({ dt: 0.1 }),
        maxEvents: 4,
      }).ys;
    };
    await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
  });
});

describe("along a path", () => {
  const values = [
    [0, 0.3],
    [0.5, -0.2],
    [0.1, 0.8],
    [-0.3, 0.4],
  ];
  const driven = (_t: Tensor, y: Tensor, a: Tensor): Tensor => stack([tanh(y).mul(a), sin(y).add(a.mul(0.5))], 1);

  test.each([
    ["lines", linearPath],
    ["curves", cubicPath],
  ] as const)("of %s", async (_name, pathOf) => {
    const solve: Solve = (x) => {
      const path = pathOf([0, 0.4, 0.7, 1], tensor(values, { dtype: "float32" }).add(at(x, 2).mul(0.1)));
      return cdeint(driven, path, x.slice([0], [2]), [0, 0.5, 1], {
        args: at(x, 2),
        maxSteps: 300,
        controller: pid({ rtol: 1e-4, atol: 1e-5 }),
      }).ys;
    };
    await agrees(solve, start, { value: 1e-3, gradient: 3e-3 });
  });
});

test("a delayed equation", async () => {
  const delayed = (_t: Tensor, y: Tensor, [late]: readonly Tensor[], a: Tensor): Tensor => neg(late!).mul(a).sub(y);
  const solve: Solve = (x) => {
    const y0 = x.slice([0], [2]);
    const options = { delays: 0.3, args: at(x, 2), solver: rk4, controller: constant({ dt: 0.1 }), historySteps: 8 };
    return ddeint(delayed, (t: Tensor) => y0.mul(cos(t)), y0, [0, 0.5, 1], options).ys;
  };
  await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
});

test("a cost along a solve", async () => {
  const solve: Solve = (x) => {
    const cost = quadrature((_t: Tensor, y: Tensor) => y.square().sum());
    return cost(field, x.slice([0], [2]), [0, 0.5, 1], {
      args: at(x, 2),
      solver: rk4,
      controller: constant({ dt: 0.1 }),
    }).integral;
  };
  await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
});

import {
  bosh3,
  cdeint,
  constant,
  cubicPath,
  ddeint,
  event,
  linearPath,
  odeint,
  pid,
  quadrature,
  rk4,
} from "@dzdt/odeint";
import { concat, cos, neg, sin, stack, tanh, type Tensor, tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { agrees, at, pendulum, type Solve, start } from "./webgpu-solvers";
import { gpu } from "./webgpu-target";

const controller = pid({ rtol: 1e-4, atol: 1e-5 });

describe("events", { timeout: 180_000 }, () => {
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
        solver: bosh3,
        controller,
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
        solver: bosh3,
        controller,
      }).ys;
    };
    await agrees(solve, [2, 0.5, 9.81], { value: 1e-3, gradient: 3e-3 });
  });

  test("at times that are given", async () => {
    const solve: Solve = (x) => {
      const kick = event({ at: [0.25, 0.7], reset: (_t: Tensor, y: Tensor) => y.mul(1.5) });
      return odeint(pendulum, x.slice([0], [2]), [0, 0.5, 1], {
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
        solver: bosh3,
        controller,
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

test("a delay that is shorter than float32 times can tell is refused", async () => {
  const y0 = tensor([1], { dtype: "float32", target: await gpu() });
  const solve = (t0: number): unknown =>
    ddeint((_t, y: Tensor, [late]) => neg(late!).sub(y), y0, y0, [t0, t0 + 1], { delays: 0.3 });
  expect(() => solve(1e6)).toThrow(
    /ddeint: a delay of 0.3\d* at times as large as 1000001 is less than float32 times can/,
  );
});

test("a cost along a solve", async () => {
  const solve: Solve = (x) => {
    const cost = quadrature((_t: Tensor, y: Tensor) => y.square().sum());
    return cost(pendulum, x.slice([0], [2]), [0, 0.5, 1], {
      args: at(x, 2),
      solver: rk4,
      controller: constant({ dt: 0.1 }),
    }).integral;
  };
  await agrees(solve, start, { value: 1e-5, gradient: 1e-4 });
});

import { bosh3, event, odeint, pid, rk4, saveAt, tsit5 } from "@dzdt/odeint";
import { concat, type Tensor } from "@dzdt/tensor";
import { describe, test } from "vitest";
import { agrees, at, pendulum, type Solve, start } from "./webgpu-solvers";

const controller = pid({ rtol: 1e-4, atol: 1e-5 });
const state = (x: Tensor): Tensor => x.slice([0], [2]);

describe("outputs", { timeout: 180_000 }, () => {
  test("that are saved after steps and at times", async () => {
    const solve: Solve = (x) => {
      const { saves } = odeint(pendulum, state(x), [0, 2], {
        args: at(x, 2),
        solver: rk4,
        dt0: 0.125,
        maxSteps: 64,
        saves: {
          steps: saveAt({ every: 4, capacity: 4 }),
          times: saveAt({ ts: [0.1, 1.3], of: (t, y) => y.mul(t) }),
        },
      });
      return concat([saves.steps.y.reshape([8]), saves.times.y.reshape([4]), saves.steps.t]);
    };
    await agrees(solve, start, { value: 1e-4, gradient: 1e-3 });
  });

  test("that are saved after steps, of which events cut some short", async () => {
    const solve: Solve = (x) => {
      const push = event<Tensor>({ at: [0.3], reset: (_t, y) => y.mul(1.5) });
      const { saves } = odeint(pendulum, state(x), [0, 1], {
        args: at(x, 2),
        solver: rk4,
        dt0: 0.25,
        maxSteps: 64,
        events: [push],
        maxEvents: 1,
        saves: { steps: saveAt({ every: 1, capacity: 5 }) },
      });
      return concat([saves.steps.y.reshape([10]), saves.steps.t]);
    };
    await agrees(solve, start, { value: 1e-4, gradient: 1e-3 });
  });

  test("that are derivatives, and on the far side of a jump", async () => {
    const solve: Solve = (x) => {
      const push = event<Tensor>({ at: [0.5], reset: (_t, y) => y.mul(1.5) });
      const solution = odeint(pendulum, state(x), [0, 1], {
        args: at(x, 2),
        solver: tsit5,
        controller,
        maxSteps: 64,
        events: [push],
        maxEvents: 1,
      });
      const rates = solution.at([0, 0.4, 1], { derivative: 1 }).reshape([6]);
      return concat([rates, solution.at(0.5), solution.at(0.5, { side: "right" })]);
    };
    await agrees(solve, start, { value: 1e-3, gradient: 3e-3 });
  });

  test("of steps that are forced", async () => {
    const solve: Solve = (x) =>
      odeint(pendulum, state(x), [0, 1], {
        args: at(x, 2),
        solver: bosh3,
        controller: pid({ rtol: 1e-7, atol: 1e-7, dtMin: 0.125, forceDtMin: true }),
        maxSteps: 64,
      }).ys.reshape([4]);
    await agrees(solve, start, { value: 1e-4, gradient: 1e-3 });
  });
});

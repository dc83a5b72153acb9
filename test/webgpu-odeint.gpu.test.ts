import { grad, vmap } from "@dzdt/autograd";
import * as solversOf from "@dzdt/odeint";
import { constant, discretize, leapfrog, odeint, rk4, separable, tsit5 } from "@dzdt/odeint";
import { compile, concat, neg, sin, type Target, type Tensor, tensor, wasm, whileLoop, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { gpu } from "./webgpu-target";

const trajectories = 48;

/** Whatever the front door offers that is a solver. */
const solvers = Object.fromEntries(
  Object.entries(solversOf).filter(
    (pair): pair is [string, typeof rk4] => (pair[1] as { kind?: unknown } | undefined)?.kind !== undefined,
  ),
);

/** A pendulum. */
const field = (_t: Tensor, y: Tensor): Tensor => concat([y.slice([1], [2]), neg(sin(y.slice([0], [1])))], 0);

const starts = (target: Target): Tensor =>
  tensor(
    Array.from({ length: trajectories }, (_, i) => [(3 * i) / trajectories, 0]),
    { target },
  );

/** The numbers of a result on wasm and on webgpu. */
async function both(run: (y0: Tensor) => Tensor): Promise<[cpu: number[], gpu: number[]]> {
  const on = async (target: Target): Promise<number[]> =>
    Array.from(await withTarget(target, () => run(starts(target))).data());
  return [await on(wasm()), await on(await gpu())];
}

function near(found: readonly number[], expected: readonly number[], atol: number): void {
  expect(found.length).toBe(expected.length);
  const worst = expected.reduce((most, x, i) => Math.max(most, Math.abs(x - found[i]!)), 0);
  expect(worst).toBeLessThanOrEqual(atol);
}

test("fixed steps of independent trajectories, one invocation each", async () => {
  const solve = (y0: Tensor): Tensor =>
    odeint(field, y0, [0, 1, 2], { solver: rk4, controller: constant({ dt: 0.05 }), batch: "independent" }).ys;
  const [expected, found] = await both(solve);
  near(found, expected, 2e-6);
});

test("adaptive steps of independent trajectories: each takes its own, as on the CPU but for rounding", async () => {
  const solve = (y0: Tensor): Tensor[] => {
    const { ys, stats } = odeint(field, y0, [0, 2], { solver: tsit5, batch: "independent" });
    return [ys, stats.steps];
  };
  const [expected, found] = await both((y0) => compile(solve)(y0)[0]!);
  near(found, expected, 2e-4);
  const [steps, stepsThere] = await both((y0) => compile(solve)(y0)[1]!);
  expect(new Set(stepsThere).size).toBeGreaterThan(1);
  near(stepsThere, steps, 2);
});

test("an independent ensemble is one dispatch of as many invocations as there are trajectories", async () => {
  const target = await gpu();
  const solve = compile((y0: Tensor) => odeint(field, y0, [0, 2], { solver: rk4, dt0: 0.1, batch: "independent" }).ys);
  expect(solve.inspect(starts(target))).toMatch(/of each row: 1 workgroups/);
});

test("long solves of an ensemble go on from dispatch to dispatch", async () => {
  const target = await gpu();
  const solve = compile(
    (y0: Tensor) =>
      odeint(field, y0, [0, 0.5, 2], { solver: rk4, controller: constant({ dt: 2 / 9000 }), batch: "independent" }).ys,
  );
  expect(
    Number(/of each row goes on: 1 workgroups, (\d+) times/.exec(solve.inspect(starts(target)))![1]),
  ).toBeGreaterThan(2);
  const [expected, found] = await both((y0) => solve(y0));
  near(found, expected, 1e-5);
});

test("loops of a batch stop in different dispatches", async () => {
  const count = vmap((y: Tensor) => {
    const most = y.sum().mul(4000);
    return whileLoop(
      ([i]: Tensor[]) => i!.less(most),
      ([i, s]: Tensor[]) => [i!.add(1), s!.mul(0.5).add(i!)],
      [most.mul(0), most.mul(0)],
      { maxSteps: 100_000 },
    );
  }) as unknown as (y0: Tensor) => [Tensor, Tensor];
  for (const part of [0, 1] as const) {
    const [expected, found] = await both((y0) => compile(count)(y0)[part]);
    expect(Math.max(...expected)).toBeGreaterThan(8000);
    expect(found).toEqual(expected);
  }
});

test("a shared solve, and its gradient through the steps it took", async () => {
  const decay = (_t: Tensor, y: Tensor, rate: Tensor): Tensor => neg(y.mul(rate));
  const loss = (rate: Tensor): Tensor =>
    odeint(decay, tensor([1, 2], { target: rate.target }), [0, 1], { solver: tsit5, args: rate }).ys.sum();
  const target = await gpu();
  const on = async (where: Target): Promise<number> =>
    withTarget(where, () => [compile(grad(loss))(tensor(0.7, { target: where }))])[0]!.item();
  // Σ d/dr of y0 (1 + e^-r) with y0 = 3 in all.
  expect(await on(target)).toBeCloseTo(-3 * Math.exp(-0.7), 3);
  expect(await on(target)).toBeCloseTo(await on(wasm()), 4);
});

test("the gradient of a solve that keeps few of its states", async () => {
  const slope =
    (checkpoints: "all" | "sqrt") =>
    (y0: Tensor): Tensor =>
      grad((y: Tensor) => odeint(field, y, [0, 2], { maxSteps: 200, adjoint: discretize({ checkpoints }) }).ys.sum())(
        y0.slice([3], [4]).reshape([2]),
      );
  near((await both(slope("sqrt")))[1], (await both(slope("all")))[1], 0);
});

test("a batched solve in lock step", async () => {
  const solve = (y0: Tensor): Tensor =>
    vmap((y: Tensor) => odeint(field, y, [0, 1], { solver: rk4, dt0: 0.1 }).ys)(y0.slice([0], [4]));
  const [expected, found] = await both((y0) => compile(solve)(y0));
  near(found, expected, 2e-6);
});

test("a batch of adaptive solves is as many invocations, each with its own number of steps", async () => {
  const target = await gpu();
  const solve = vmap((y: Tensor) => {
    const { ys, stats } = odeint(field, y, [0, 2], { solver: tsit5, throw: false });
    return [ys, stats.steps];
  }) as unknown as (y0: Tensor) => [Tensor, Tensor];
  expect(compile(solve).inspect(starts(target))).toMatch(/of each element: 1 workgroups/);
  const [expected, found] = await both((y0) => compile(solve)(y0)[0]);
  near(found, expected, 2e-4);
  const [steps, stepsThere] = await both((y0) => compile(solve)(y0)[1]);
  near(stepsThere, steps, 2);
});

const explicit = Object.entries(solvers).filter(([, { kind }]) => kind === "explicit");
test.each(explicit)("%s with fixed steps gives what it gives on wasm", async (_name, solver) => {
  const spring = (_t: Tensor, y: Tensor): Tensor => concat([y.slice([1], [2]), neg(y.slice([0], [1]))], 0);
  const options = { solver, controller: constant({ dt: 0.1 }) } as const;
  const [expected, found] = await both((y0) => odeint(spring, y0.slice([7], [8]).reshape([2]), [0, 1], options).ys);
  near(found, expected, 2e-6);
});

test("symplectic solvers keep the energy", async () => {
  const spring = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => neg(q) });
  const energy = (): Tensor => {
    const { ys } = odeint(spring, { q: tensor([1, 0.5]), p: tensor([0, 1]) }, [0, 10], {
      solver: leapfrog,
      controller: constant({ dt: 0.05 }),
    });
    return ys.q.square().add(ys.p.square());
  };
  const [expected, found] = await both(energy);
  near(found, expected, 1e-5);
  near(found.slice(2), found.slice(0, 2), 2e-3);
});

test("a solve that fails rejects where its numbers are awaited", async () => {
  const target = await gpu();
  const blowUp = (_t: Tensor, y: Tensor): Tensor => y.mul(y);
  const { ys, status } = odeint(blowUp, tensor([1], { target }), [0, 2], { solver: tsit5, maxSteps: 200 });
  await expect(ys.data()).rejects.toThrow(/^odeint: \w+ at t = /);
  await expect(ys.mul(2).sum().data(), "what is computed from it").rejects.toThrow(/^odeint: \w+ at t = /);
  expect(await status.item()).toBeGreaterThan(0);
  const quiet = odeint(blowUp, tensor([1], { target }), [0, 2], { solver: tsit5, maxSteps: 200, throw: false });
  expect((await quiet.ys.data()).some(Number.isNaN)).toBe(true);
});

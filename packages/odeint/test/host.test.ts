import { grad, vmap } from "@dzdt/autograd";
import {
  compile,
  js,
  stack,
  type Target,
  tensor,
  type Tensor,
  tree,
  type Tree,
  UnsupportedError,
  wasm,
} from "@dzdt/tensor";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  auto,
  bdf,
  cdeint,
  constant,
  ddeint,
  dop853,
  event,
  gauss4,
  leapfrog,
  linearPath,
  odeint,
  type OdeintOptions,
  pid,
  quadrature,
  radau5,
  rk4,
  rodas5p,
  separable,
  type Solution,
  solve,
  SolveError,
  Status,
  type StepReport,
  tsit5,
} from "../src/index";
import { at, f64, last, numbers } from "./support/numbers";

const pendulum = (_t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).sin().neg()]);
const oscillator = separable({ velocity: (p: Tensor) => p, force: (q: Tensor) => q.neg() });
const flip = event((_t, y: Tensor) => at(y, 0), { direction: "down", reset: (_t, y: Tensor) => y.mul(-0.9) });
const half = event((_t, y: Tensor) => at(y, 0).add(0.5));
const seen = event((_t, y: Tensor) => at(y, 1).add(0.2), { terminal: false });

interface Case {
  readonly name: string;
  readonly run: (ts: number[], options: OdeintOptions, target: Target) => Solution<Tree>;
  readonly later: (ts: number[], options: OdeintOptions, target: Target) => Promise<Solution<Tree>>;
}

const ofPendulum = (name: string, own: OdeintOptions): Case => {
  const y0 = (target: Target): Tensor => tensor([1, 0], { dtype: "float64", target });
  return {
    name,
    run: (ts, options, target) => odeint(pendulum, y0(target), ts, { ...own, ...options }),
    later: (ts, options, target) => solve(pendulum, y0(target), ts, { ...own, ...options }),
  };
};
const start = (target: Target) => ({ q: tensor([1], { target }), p: tensor([0.5], { target }) });
const cases: readonly Case[] = [
  ...[tsit5, dop853, rodas5p, radau5, bdf, auto].map((solver) => ofPendulum(solver.name, { solver })),
  ...[rk4, gauss4].map((solver) => ofPendulum(`${solver.name} of one step size`, { solver, dt0: 0.1 })),
  ofPendulum("rk4 from time to time", { solver: rk4, controller: constant() }),
  ofPendulum("compensated rk4", { solver: rk4, controller: constant({ dt: 0.1, compensated: true }) }),
  ofPendulum("stops", { controller: pid({ stepTs: [0.5, -0.5] }) }),
  ofPendulum("events that reset", { events: [flip, seen] }),
  ofPendulum("an event that ends the solve", { events: [seen, half] }),
  ofPendulum("events of one step size", { solver: rk4, dt0: 0.1, events: [flip] }),
  {
    name: "leapfrog of a tree in float32",
    run: (ts, options, target) => odeint(oscillator, start(target), ts, { solver: leapfrog, dt0: 0.1, ...options }),
    later: (ts, options, target) => solve(oscillator, start(target), ts, { solver: leapfrog, dt0: 0.1, ...options }),
  },
];

/** All numbers of a solution. */
const bits = ({ ts, ys, status, stats, events }: Solution<Tree>): unknown =>
  tree
    .leaves({ ts, ys, status, stats: { ...stats }, events: events.map((e) => ({ ...e })) })
    .map((x) => numbers(x as Tensor));

describe.each(cases)("a solve that the host looks at, with $name,", ({ run, later }) => {
  test.each([[[0, 4]], [[0, 0.3, 1]], [[0, -3, -4]]])(
    "has the numbers of one that it does not, to the bit (%j)",
    async (ts) => {
      const target = wasm();
      const whole = run(ts, {}, target);
      const steps: StepReport<Tree>[] = [];
      const looked = run(ts, { onStep: (step) => steps.push(step) }, target);
      expect(bits(looked)).toEqual(bits(whole));
      expect(bits(await later(ts, {}, target))).toEqual(bits(whole));
      const { accepted, rejected } = steps.at(-1)!;
      expect([accepted, rejected]).toEqual([whole.stats.accepted.itemSync(), whole.stats.rejected.itemSync()]);
      expect(steps.map((step) => step.accepted)).toEqual(steps.map((_, k) => k + 1));
    },
  );

  test("has those of the js target there, too", () => {
    expect(bits(run([0, 0.3, 1], { timeLimit: 1e9 }, js()))).toEqual(bits(run([0, 0.3, 1], {}, js())));
  });
});

test("onReject is called after each rejected attempt, and changes no step", () => {
  const field = (_t: Tensor, y: Tensor): Tensor =>
    stack([at(y, 1), at(y, 0).square().neg().add(1).mul(at(y, 1)).mul(10).sub(at(y, 0))]);
  const rejected: StepReport<Tensor>[] = [];
  const taken: number[] = [0];
  const looked = odeint(field, f64([2, 0]), [0, 20], {
    onStep: ({ t }) => void taken.push(t),
    onReject: (step) => void rejected.push(step),
  });
  expect(rejected.length).toBeGreaterThan(3);
  expect(rejected).toHaveLength(looked.stats.rejected.itemSync());
  expect(rejected.map((step) => step.rejected)).toEqual(rejected.map((_, i) => i + 1));
  // Each began where a step had ended, and the next is shorter than the way to the end.
  rejected.forEach(({ t, h, y }) => {
    expect(taken).toContain(t);
    expect(h).toBeGreaterThan(0);
    expect(numbers(y).every(Number.isFinite)).toBe(true);
  });
  expect(numbers(looked.ys)).toEqual(numbers(odeint(field, f64([2, 0]), [0, 20]).ys));
  expect(() => odeint(field, f64([2, 0]), [0, 1], { onReject: 1 as never })).toThrow(/onReject is 1; give a function/);
});

describe("onStep", () => {
  test("sees time, length and state of each accepted step", () => {
    const steps: StepReport<Tensor>[] = [];
    const first = { solver: dop853, dt0: 5 };
    const { ys } = odeint(pendulum, f64([1, 0]), [0, 5], {
      ...first,
      onStep: (step: StepReport<Tensor>) => steps.push(step),
    });
    expect(steps[0]!.rejected).toBeGreaterThan(0);
    let before = 0;
    for (const { t, h, steps: attempts, accepted, rejected } of steps) {
      expect(h).toBe(t - before);
      expect(attempts).toBe(accepted + rejected);
      before = t;
    }
    expect(before).toBe(5);
    expect(numbers(steps.at(-1)!.y)).toEqual(numbers(last(ys)));
    for (const { t, y } of steps)
      expect(numbers(y)).toEqual(numbers(odeint(pendulum, f64([1, 0]), [0, 5], first).at(t)));
  });

  test("sees states without the integral of quadrature", () => {
    const states: Tensor[] = [];
    const { ys } = quadrature((_t, y: Tensor) => y.sum())(pendulum, f64([1, 0]), [0, 1], {
      onStep: ({ y }: StepReport<Tensor>) => states.push(y),
    });
    expect(numbers(states.at(-1)!)).toEqual(numbers(last(ys)));
  });

  test("sees the steps of equations with delays and with paths", () => {
    const times: number[] = [];
    const onStep = ({ t }: { t: number }): void => void times.push(t);
    const y0 = f64([1]);
    const delayed = (options: object) =>
      ddeint(
        (_t, _y: Tensor, [past]) => past!.neg(),
        () => f64([1]),
        y0,
        [0, 1.5, 3],
        { delays: [1], ...options },
      );
    expect(numbers(delayed({ onStep }).ys)).toEqual(numbers(delayed({}).ys));
    const path = linearPath([0, 1, 3], tensor([[0], [1], [0]]));
    const controlled = (options: object) =>
      cdeint((_t, y: Tensor) => y.reshape([1, 1]), path, tensor([1]), [0, 3], options);
    expect(numbers(controlled({ onStep }).ys)).toEqual(numbers(controlled({}).ys));
    expect(times.filter((t) => t === 1)).toHaveLength(2);
    const fixed = { controller: constant({ dt: 0.3 }) };
    expect(numbers(delayed({ ...fixed, onStep }).ys)).toEqual(numbers(delayed(fixed).ys));
    expect(numbers(controlled({ ...fixed, onStep }).ys)).toEqual(numbers(controlled(fixed).ys));
    expect(times.filter((t) => t === 1)).toHaveLength(4);
  });

  test("ends the solve with what it throws", () => {
    let calls = 0;
    const stop = new Error("enough");
    const onStep = (): void => {
      if (++calls === 3) throw stop;
    };
    expect(() => odeint(pendulum, f64([1, 0]), [0, 100], { onStep })).toThrow(stop);
    expect(calls).toBe(3);
  });
});

describe("a signal", () => {
  test("that is aborted before throws its reason at once", async () => {
    const signal = AbortSignal.abort(new RangeError("never mind"));
    let calls = 0;
    const options = { signal, onStep: () => void calls++ };
    expect(() => odeint(pendulum, f64([1, 0]), [0, 1], options)).toThrow("never mind");
    await expect(solve(pendulum, f64([1, 0]), [0, 1], options)).rejects.toThrow("never mind");
    expect(calls).toBe(0);
  });

  test("that is aborted on the way throws before the next step", () => {
    const controller = new AbortController();
    const times: number[] = [];
    const onStep = ({ t }: { t: number }): void => {
      times.push(t);
      if (times.length === 4) controller.abort("that will do");
    };
    const run = (): unknown => odeint(pendulum, f64([1, 0]), [0, 100], { onStep, signal: controller.signal });
    expect(run).toThrow("that will do");
    expect(times).toHaveLength(4);
  });

  test("that is aborted by a timer rejects a long solve", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const long = solve(pendulum, f64([1, 0]), [0, 1e9], { signal: controller.signal });
    await expect(long).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a time limit", () => {
  const failure = (fn: () => unknown): SolveError => {
    try {
      fn();
    } catch (error) {
      return error as SolveError;
    }
    throw new Error("there was no error");
  };

  test("ends a solve, which keeps what it has", async () => {
    const options = { timeLimit: 100 };
    const error = failure(() => odeint(pendulum, f64([1, 0]), [0, 1e-3, 1e9], options));
    expect(error).toBeInstanceOf(SolveError);
    expect(error.status).toBe("maxStepsReached");
    expect(error.message).toMatch(/the time limit of 100 ms ran out at t = [\d.]+ with step .*; raise timeLimit/);
    const { ys, status, stats } = error.solution as Solution<Tensor>;
    expect(numbers(ys).map(Number.isNaN)).toEqual([false, false, false, false, true, true]);
    expect(status.itemSync()).toBe(Status.maxStepsReached);
    expect(stats.accepted.itemSync()).toBe(error.accepted);
    const quiet = await solve(pendulum, f64([1, 0]), [0, 1e9], { ...options, throw: false });
    expect(quiet.status.itemSync()).toBe(Status.maxStepsReached);
    await expect(solve(pendulum, f64([1, 0]), [0, 1e9], options)).rejects.toThrow(/time limit of 100 ms/);
  });

  test("that is not reached changes nothing", () => {
    expect(odeint(pendulum, f64([1, 0]), [0, 1], { timeLimit: 1e6 }).status.itemSync()).toBe(Status.success);
  });
});

describe("a long solve lets timers run, odeint does not", () => {
  afterEach(() => vi.unstubAllGlobals());

  test.each(["by setImmediate", "by messages, as in pages"])("%s", async (way) => {
    if (way !== "by setImmediate") vi.stubGlobal("setImmediate", undefined);
    const [ending, enough] = [new AbortController(), new Error("enough")];
    let calls = 0;
    const timer = setInterval(() => ++calls === 3 && ending.abort(enough), 1);
    try {
      odeint(pendulum, f64([1, 0]), [0, 1e9], { timeLimit: 50, throw: false });
      expect(calls).toBe(0);
      // Without end, but for the timer.
      const endless = solve(pendulum, f64([1, 0]), [0, 1e9], { maxSteps: 2 ** 30, signal: ending.signal });
      await expect(endless).rejects.toBe(enough);
      expect(calls).toBeGreaterThan(2);
    } finally {
      clearInterval(timer);
    }
  });
});

describe("where the host is not asked", () => {
  const onStep = (): void => undefined;
  const run = (y: Tensor): Tensor => odeint(pendulum, y, [0, 1], { onStep }).ys.sum();
  const closing = (k: Tensor): Tensor =>
    odeint((_t, y: Tensor) => y.mul(k), f64([1]), [0, 1], { timeLimit: 100 }).ys.sum();
  test.each<[string, () => unknown, RegExp]>([
    ["compile", () => compile(run)(f64([1, 0])), /odeint: onStep .* compile, grad and vmap, or leave onStep out/],
    ["grad", () => grad(run)(f64([1, 0])), /odeint: onStep .* part of a program/],
    ["vmap", () => vmap(run)(f64([[1, 0]])), /odeint: onStep .* part of a program/],
    ["a traced closure", () => grad(closing)(f64(1)), /closes over a traced value/],
    [
      "independent trajectories",
      () => odeint(pendulum, f64([[1, 0]]), [0, 1], { batch: "independent", signal: new AbortController().signal }),
      /odeint: signal .* batch is "independent"; .* leave signal out/,
    ],
  ])("an error names the option: %s", (_name, fn, expected) => {
    expect(fn).toThrow(UnsupportedError);
    expect(fn).toThrow(expected);
  });

  test("solve is odeint in a promise", async () => {
    const rows = f64([
      [1, 0],
      [0.3, 0.2],
    ]);
    const options = { batch: "independent" } as const;
    const { ys } = await solve(pendulum, rows, [0, 1], options);
    expect(numbers(ys)).toEqual(numbers(odeint(pendulum, rows, [0, 1], options).ys));
    await expect(solve(pendulum, rows, [0, 1], { ...options, onStep })).rejects.toThrow(UnsupportedError);
    await expect(solve(pendulum, f64([1, 0]), [1, 0, 3])).rejects.toThrow(RangeError);
    const one = await solve(pendulum, f64([1, 0]), [2]);
    expect(numbers(one.ys)).toEqual([1, 0]);
  });

  test("targets without float64 say so", async () => {
    const target: Target = { ...js(), name: "device", supports: (dtype) => dtype !== "float64" };
    const y0 = tensor([1, 0], { target });
    expect(() => odeint(pendulum, y0, [0, 1], { onStep })).toThrow(
      /device is not asked after each step; use a CPU target/,
    );
    expect(numbers((await solve(pendulum, y0, [0, 1])).ys)).toEqual(numbers(odeint(pendulum, y0, [0, 1]).ys));
  });

  test.each<[object, RegExp]>([
    [{ onStep: 1 }, /onStep is 1; give a function/],
    [{ signal: {} }, /signal is no AbortSignal/],
    [{ timeLimit: 0 }, /timeLimit is 0; give a positive number of milliseconds/],
    [{ timeLimit: NaN }, /timeLimit is NaN/],
  ])("options are checked: %j", (options, expected) => {
    expect(() => odeint(pendulum, f64([1, 0]), [0, 1], options)).toThrow(expected);
  });
});

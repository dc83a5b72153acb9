import { checkpoint, customVjp, grad, hessian, jacfwd } from "@dzdt/autograd";
import { fit, optim } from "@dzdt/models";
import {
  cdeint,
  constant,
  euler,
  gustafsson,
  heun,
  makeReversible,
  odeint,
  peak,
  piecewisePath,
  rectilinearPath,
  reversible,
  rosenbrock23,
  steadyState,
} from "@dzdt/odeint";
import {
  compile,
  concat,
  defaultTarget,
  random,
  type Target,
  type Tensor,
  tensor,
  tree,
  type Tree,
  wasm,
} from "@dzdt/tensor";
import { tolerance } from "@dzdt/tensor/testing";
import { describe, expect, test } from "vitest";
import { at, pendulum, start } from "./webgpu-solvers";
import { copied, gpu } from "./webgpu-target";

/** What a name computes from numbers. */
interface Example {
  readonly of: (...xs: Tensor[]) => Tree;
  readonly given: readonly (Tensor | readonly number[])[];
  /** How far it may be off, in units in the last place of the largest number. @defaultValue what a product may */
  readonly ulps?: number;
}

const chain = tolerance("contract", "float32", "webgpu").ulps;
/** Steps that are chosen by errors may differ. */
const chosen = 64;

const wave = (x: Tensor): Tensor => x.sin().mul(x).add(x.square().sum().mul(x));
const tripled = customVjp((x: Tensor) => x.exp(), {
  forward: (x): [Tensor, Tensor] => [x.exp(), x],
  backward: (x, ct) => [ct.mul(x).mul(3)],
});
const observed = [0.1, 0.5, -0.3, 0.2, 0.4, -0.1, 0.6, 0.3];
const pathOf = (values: Tensor) => rectilinearPath([0, 0.4, 0.7, 1], values.reshape([4, 2]));
const driven = (_t: Tensor, y: Tensor): Tensor =>
  concat([y.tanh(), y.sin().mul(0.5)])
    .reshape([2, 2])
    .transpose();
const steps = { controller: constant({ dt: 0.1 }) };

const examples: Readonly<Record<string, Example>> = {
  hessian: { of: hessian((x: Tensor) => wave(x).sum()), given: [[0.3, -0.7, 1.1]] },
  jacfwd: { of: jacfwd(wave), given: [[0.3, -0.7, 1.1]] },
  customVjp: { of: grad((x: Tensor) => tripled(x).sum()), given: [[0.3, -0.7, 1.1]] },
  "checkpoint of autograd": { of: grad((x: Tensor) => checkpoint(wave)(x).exp().sum()), given: [[0.3, -0.7, 1.1]] },
  "random.categorical": {
    of: (key, logits) => random.categorical(key, logits, { shape: [50] }),
    given: [random.key(5), [0.1, 0.7, -0.4]],
  },
  "random.truncatedNormal": { of: (key) => random.truncatedNormal(key, -0.5, 1.5, [40]), given: [random.key(6)] },
  piecewisePath: {
    of: (at, values) => {
      const path = piecewisePath({
        breakpoints: at,
        coefficients: [
          values.reshape([2, 4]).transpose().slice([0, 0], [3, 2]),
          values.slice([0], [6]).reshape([3, 2]),
        ],
      });
      return [path.at([0, 0.3, 0.9]), path.derivative(0.5), path.increment(0.1, 0.8)];
    },
    given: [[0, 0.4, 0.7, 1], observed],
  },
  rectilinearPath: {
    of: (values, y0) =>
      cdeint(driven, pathOf(values), y0, [0, 0.5, 1], { solver: euler, controller: constant({ dt: 0.25 }) }).ys,
    given: [observed, [0.4, -0.2]],
  },
  peak: {
    of: (x) => {
      const highest = peak((_t: Tensor, y: Tensor) => at(y, 0).reshape([]));
      const { events } = odeint(pendulum, x.slice([0], [2]), [0, 7], {
        args: at(x, 2),
        events: [highest],
        maxEvents: 2,
        solver: euler,
        ...steps,
      });
      return [events[0]!.t, events[0]!.y, events[0]!.count];
    },
    given: [[1.2, -0.4, 0.1]],
  },
  gustafsson: {
    of: (x) =>
      odeint(pendulum, x.slice([0], [2]), [0, 0.5, 1], {
        args: at(x, 2),
        solver: heun,
        controller: gustafsson({ rtol: 1e-3, atol: 1e-3 }),
      }).ys,
    given: [start],
    ulps: chosen,
  },
  "makeReversible, backwards": {
    of: grad((x: Tensor) =>
      odeint(pendulum, x.slice([0], [2]), [0, 1], {
        args: at(x, 2),
        solver: makeReversible(euler),
        adjoint: reversible(),
        ...steps,
      })
        .ys.square()
        .sum(),
    ),
    given: [start],
  },
  steadyState: {
    of: (y, k) => steadyState((_t, x: Tensor, p: Tensor) => p.sub(x.square()), y, { args: k, solver: rosenbrock23 }),
    given: [[1], [2]],
  },
};

const numbersOf = async (result: Tree): Promise<number[][]> =>
  Promise.all((tree.leaves(result) as Tensor[]).map(async (x) => Array.from(await x.data())));

async function measured({ of, given }: Example, target: Target): Promise<number[][]> {
  const ins = given.map((x) => copied(Array.isArray(x) ? tensor(x as number[]) : (x as Tensor), target));
  return numbersOf(compile((...xs: Tensor[]) => of(...xs), { target })(...ins));
}

function near(found: readonly number[][], expected: readonly number[][], ulps: number): void {
  expect(found.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  expected.forEach((values, k) => {
    const size = Math.max(...values.filter(Number.isFinite).map(Math.abs));
    const bound = ulps * 2 ** (Math.floor(Math.log2(size)) - 23);
    values.forEach((x, i) => {
      const apart = Object.is(x, found[k]![i]) ? 0 : Math.abs(x - found[k]![i]!);
      expect(apart, `[${i}] is ${found[k]![i]}, on wasm ${x}`).toBeLessThanOrEqual(bound);
    });
  });
}

test.for(Object.entries(examples))("%s gives what it gives on wasm", async ([, example]) => {
  const expected = await measured(example, wasm());
  expect(expected.flat().some((x) => x !== 0)).toBe(true);
  near(await measured(example, await gpu()), expected, example.ulps ?? chain);
});

describe("training by fit", () => {
  const loss = (w: Tensor, { x, y }: { x: Tensor; y: Tensor }): Tensor => x.matmul(w).tanh().sub(y).square().mean();

  test.for([
    ["rmsprop", optim.rmsprop({ rate: 1e-2 })],
    ["adamw", optim.adamw({ rate: 1e-2, weightDecay: 0.1 })],
  ] as const)("with %s goes as on wasm", async ([, optimizer]) => {
    const train = async (target: Target): Promise<number[][]> => {
      const before = defaultTarget();
      defaultTarget(target);
      try {
        const sample = (i: number, shape: readonly number[]): Tensor => random.normal(random.key(i), shape);
        const data = { x: sample(1, [12, 3]), y: sample(2, [12, 1]) };
        const given = { params: sample(3, [3, 1]), data, batchSize: 5, key: random.key(4) };
        const { params, losses } = await fit({ loss, optimizer, steps: 4, ...given });
        return [...(await numbersOf(params)), Array.from(losses)];
      } finally {
        defaultTarget(before);
      }
    };
    const [expected, found] = [await train(wasm()), await train(await gpu())];
    near(found, expected, 4 * chain);
  });
});

test("a state at rest that is found without compile", async () => {
  const found = steadyState((_t, y: Tensor) => y.square().neg().add(2), tensor([1], { target: await gpu() }), {
    solver: rosenbrock23,
  });
  expect(await found.item()).toBeCloseTo(Math.SQRT2, 6);
});

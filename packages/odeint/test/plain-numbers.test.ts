import { js, random, tensor, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  constant,
  ddeint,
  event,
  hamiltonian,
  langevin,
  leapfrog,
  milstein,
  odeint,
  quadrature,
  sdeint,
  separable,
} from "../src/index";
import { numbers } from "./support/numbers";

const target = js();
const f64 = (values: number | number[]): Tensor => tensor(values, { dtype: "float64", target });
const near = (x: Tensor, expected: readonly number[]): void => {
  expect(x.target).toBe(target);
  numbers(x).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
};

describe("numbers in place of tensors, on another target than the default one", () => {
  test("from a field", () => {
    near(odeint((_t, { a }) => ({ a: a.neg(), b: 2 }), { a: f64(1), b: f64(0) }, [0, 1]).ys.b, [0, 2]);
    near(ddeint(() => 3, f64(1), f64(1), [0, 1], { delays: 1 }).ys, [1, 4]);
  });

  test("from the parts of a Hamiltonian", () => {
    const options = { solver: leapfrog, controller: constant({ dt: 0.5 }) };
    const start = { q: f64(0), p: f64(1) };
    const falling = separable({ velocity: (p: Tensor) => p, force: () => -1 });
    near(odeint(falling, start, [0, 1], options).ys.p, [1, 0]);
    const same = hamiltonian((q: Tensor, p: Tensor) => p.square().mul(0.5).add(q));
    near(odeint(same, start, [0, 1], options).ys.p, [1, 0]);
  });

  test("from events", () => {
    const field = (_t: Tensor, y: Tensor): Tensor => y.mul(0).add(1);
    const set = event({ at: [1], reset: () => 5 });
    const never = event(() => 1);
    near(odeint(field, f64(1), [0, 2], { events: [set, never] }).ys, [1, 6]);
  });

  test("from a cost", () => {
    near(quadrature(() => 2)((_t: Tensor, y: Tensor) => y.neg(), f64(1), [0, 3]).integral, [0, 6]);
  });

  test("from stochastic equations, whose noise is looked at besides", () => {
    const options = { key: random.key(0).to(target), dt: 0.25 };
    const drifting = { drift: () => 2, diffusion: (_t: Tensor, y: Tensor) => y.mul(0) };
    near(sdeint(drifting, f64(1), [0, 1], { ...options, solver: milstein }).ys, [1, 3]);
    near(sdeint({ drift: () => 2, diffusion: () => 0 }, f64(1), [0, 1], options).ys, [1, 3]);
    const still = langevin({ force: () => 0, friction: 0, temperature: 0 });
    near(sdeint(still, { q: f64(1), p: f64(2) }, [0, 1], options).ys.q, [1, 3]);
  });
});

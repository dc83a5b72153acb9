import { tensor, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { constant, integrator, odeint, rk4 } from "../index";

// Large enough for results to stay in the memory of programs.
const size = 2 ** 14;
const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const options = { solver: rk4, controller: constant({ dt: 0.25 }) };
const start = (): Tensor => tensor(Float64Array.from({ length: size }, (_, i) => i));

test("states that a caller disposes of are still the integrator's", () => {
  const [walker, plain] = [integrator(decay, start(), 0, options), integrator(decay, start(), 0, options)];
  for (let k = 0; k < 4; k++) {
    const { y } = walker.step();
    y.dispose();
    expect(() => y.add(1)).toThrow(/disposed/);
    expect(walker.y.dataSync()).toEqual(plain.step().y.dataSync());
  }
  const kept = walker.save();
  walker.y.dispose();
  expect(walker.step().y.dataSync()).toEqual(plain.step().y.dataSync());
  walker.restore(kept);
  expect(walker.t).toBe(1);
  expect(walker.step().y.dataSync()).toEqual(plain.y.dataSync());
});

test("states that an observer disposes of are still the solve's", () => {
  let steps = 0;
  const watched = odeint(decay, start(), [0, 1], {
    ...options,
    onStep: ({ y }) => {
      steps++;
      y.dispose();
    },
  });
  expect(steps).toBe(4);
  expect(watched.ys.dataSync()).toEqual(odeint(decay, start(), [0, 1], options).ys.dataSync());
});

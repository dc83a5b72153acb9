import { grad, jacfwd, vmap } from "@dzdt/autograd";
import { js, type Tensor, wasm, withTarget } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  backsolve,
  ddeint,
  discretize,
  event,
  forwardSensitivity,
  interpolating,
  odeint,
  type SolveEvent,
} from "../src/index";
import { close, f64, numbers } from "./support/numbers";

const decay = (_t: Tensor, y: Tensor): Tensor => y.neg();
const doses = (at: Tensor | readonly number[]): SolveEvent<Tensor> => event({ at, reset: (_t, y: Tensor) => y.add(1) });

describe("events that come at different numbers in the trajectories of a batch", () => {
  const end = 3;
  const times = [
    [0, 1, 2],
    [10, 11, 12],
    [0.5, 10, 11],
  ];
  // Each dose leaves exp(t − end), as does its derivative by its time.
  const left = times.map((row) => row.map((t) => (t < end ? Math.exp(t - end) : 0)));

  test.each([discretize, interpolating, backsolve, forwardSensitivity])(
    "$name differentiates by their times",
    (adjoint) => {
      const options = { rtol: 1e-8, atol: 1e-10, adjoint: adjoint() };
      const last = (at: Tensor): Tensor =>
        odeint(decay, f64(0), [0, end], { events: [doses(at)], ...options }).ys.sum();
      for (const target of [js(), wasm()])
        withTarget(target, () => {
          close(
            numbers(vmap(last)(f64(times))),
            left.map((row) => row.reduce((a, b) => a + b)),
            1e-7,
          );
          close(numbers(vmap(grad(last))(f64(times))), left.flat(), 1e-6);
        });
    },
  );

  test.each([discretize, interpolating, backsolve, forwardSensitivity])(
    "$name has no derivative by times that are NaN, which are those of no event",
    (adjoint) => {
      const last = (at: Tensor): Tensor =>
        odeint(decay, f64(0), [0, end], { events: [doses(at)], adjoint: adjoint() }).ys.sum();
      const fewer = f64(times.map((row) => row.map((t) => (t < end ? t : NaN))));
      for (const derivative of [grad(last), jacfwd(last)]) close(numbers(vmap(derivative)(fewer)), left.flat(), 1e-5);
    },
  );
});

describe("preset times", () => {
  const many = Array.from({ length: 20 }, (_, i) => i);

  test("all fire, however many there are", () => {
    const { ys, events } = odeint(decay, f64(0), [0, 20], { events: [doses(many)], rtol: 1e-9, atol: 1e-12 });
    expect([events[0]!.count.itemSync(), events[0]!.t.shape]).toEqual([20, [20]]);
    close(numbers(ys).slice(1), [many.reduce((sum, t) => sum + Math.exp(t - 20), 0)], 1e-8);
    const delayed = ddeint((_t, y: Tensor) => y.neg(), f64(0), f64(0), [0, 20], { delays: 1, events: [doses(many)] });
    expect(delayed.events[0]!.count.itemSync()).toBe(20);
  });

  test("are as many as maxEvents where that is given", () => {
    expect(() => odeint(decay, f64(0), [0, 20], { events: [doses(many)], maxEvents: 16 })).toThrow(
      "maxEventsReached: events[0] fired more than maxEvents = 16 times",
    );
  });

  test("are refused where one is there twice", () => {
    for (const at of [[1, 2, 1], f64([1, 2, 1])])
      expect(() => odeint(decay, f64(0), [0, 3], { events: [doses(at)] })).toThrow(
        "event: at[2] = 1 is at[0] again, and an event fires once at a time",
      );
  });
});

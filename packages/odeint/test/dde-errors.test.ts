import { compile, stack, type Tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  backsolve,
  constant,
  ddeint,
  dop853,
  event,
  kvaerno5,
  leapfrog,
  peak,
  rk4,
  Status,
} from "../src/index";
import { f64 } from "./support/numbers";

const minusPast = (_t: Tensor, _y: Tensor, [past]: readonly Tensor[]): Tensor => past!.neg();
/** Mackey and Glass's equation. */
const mackeyGlass = (_t: Tensor, y: Tensor, [past]: readonly Tensor[]): Tensor =>
  past!.mul(0.2).div(past!.pow(10).add(1)).sub(y.mul(0.1));

describe("failures and errors", () => {
  const start = f64(1);

  test("a history of too few steps has a name and a status", () => {
    const options = { delays: 1, rtol: 1e-9, atol: 1e-11, historySteps: 2 };
    expect(() => ddeint(mackeyGlass, start, start, [0, 5], options)).toThrow(
      /^ddeint: historyTooShort at t = .*raise historySteps/,
    );
    expect(() => compile((y: Tensor) => ddeint(mackeyGlass, start, y, [0, 5], options).ys)(start)).toThrow(
      /^ddeint: historyTooShort at t = .*raise historySteps/,
    );
    const { status } = ddeint(mackeyGlass, start, start, [0, 5], { ...options, throw: false });
    expect(status.itemSync()).toBe(Status.historyTooShort);
    expect(ddeint(mackeyGlass, start, start, [0, 5], { ...options, historySteps: 100 }).status.itemSync()).toBe(0);
  });

  test("of what does not fit", () => {
    const solve =
      (options: object, ts = [0, 1]) =>
      (): unknown =>
        ddeint(minusPast, start, start, ts, { delays: 1, ...options });
    expect(solve({ delays: 0 })).toThrow("ddeint: delays[0] is 0; give a positive length of time");
    expect(solve({ delays: [1, -2] })).toThrow("ddeint: delays[1] is -2");
    expect(solve({ delays: [] })).toThrow("ddeint: delays is empty");
    expect(solve({ delays: undefined })).toThrow("ddeint: there are no delays; give them, as in { delays: [1, 2.5] }");
    expect(solve({ delays: [1, () => "long"] })).toThrow("ddeint: delays[1] returned long; return a positive number");
    expect(solve({ delays: (t: Tensor) => stack([t, t]) })).toThrow("ddeint: delays[0] returned the shape [2]");
    expect(solve({ delays: [() => 1, -2] })).toThrow("ddeint: delays[1] is -2");
    expect(solve({}, [1, 0])).toThrow("ddeint: ts[1] = 0 is not after ts[0] = 1");
    expect(solve({ historySteps: 0 })).toThrow("ddeint: historySteps is 0; give a positive integer");
    expect(solve({ solver: dop853 })).toThrow("ddeint: dop853 evaluates the field for its dense output");
    expect(solve({ solver: kvaerno5 })).toThrow(
      "ddeint: kvaerno5 evaluates the field beyond the end of a step, so on the far side of a breaking point; use rodas5p",
    );
    expect(solve({ solver: leapfrog })).toThrow("ddeint: leapfrog is no Runge–Kutta method");
    expect(solve({ solver: adamsBashforthMoulton })).toThrow("is no Runge–Kutta method");
    expect(solve({ events: [event(() => true), peak((_t, y: Tensor) => y)] })).toThrow("ddeint: events[1] is a peak");
    expect(solve({ adjoint: backsolve() })).toThrow(
      "ddeint: this adjoint solves the equation backwards, without its past",
    );
    expect(solve({ solver: rk4, controller: constant({ dt: 1.5 }) })).toThrow(
      "ddeint: steps of 1.5 are longer than the delay 1",
    );
    expect(() => ddeint(minusPast, f64([1, 2]), start, [0, 1], { delays: 1 })).toThrow("ddeint: history");
    expect(() => ddeint(minusPast, start, f64([1, 2]), [0, 1], { delays: 1 })).toThrow(
      "ddeint: history has shape [] for a state of [2]; give a tree like y0",
    );
    expect(() => ddeint(minusPast, () => 1, f64([1, 2]), [0, 1], { delays: 1 })).toThrow(
      "ddeint: history has shape []",
    );
    expect(() => ddeint(minusPast, { a: start }, start, [0, 1], { delays: 1 })).toThrow("ddeint: history");
    expect(() => ddeint((_t, y) => stack([y, y]), start, start, [0, 1], { delays: 1 })).toThrow(
      "ddeint: vector field returned [2]",
    );
    expect(solve({ dely: 1 })).toThrow("ddeint: unknown option dely");
    expect(solve({ delay: 1 })).toThrow("ddeint: unknown option delay; did you mean delays?");
    expect(solve({ maxSteps: 0 })).toThrow("ddeint: maxSteps is 0");
    expect(solve({ rtol: -1 })).toThrow("ddeint: rtol is -1");
    expect(solve({ solver: {} })).toThrow("ddeint: solver is an object of another kind");
    expect(solve({ solver: rk4 })).toThrow("ddeint: rk4 has no error estimate");
    expect(solve({ events: [1] })).toThrow("ddeint: events[0] is no event");
  });
});

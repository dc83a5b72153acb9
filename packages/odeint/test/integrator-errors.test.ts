import { grad } from "@dzdt/autograd";
import { stack, type Tensor, UnsupportedError } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { constant, integrator, rk4, SolveError } from "../src/index";
import { at, close, f64, numbers } from "./support/numbers";

const driven = (t: Tensor, y: Tensor): Tensor => stack([at(y, 1), at(y, 0).sin().neg().add(t.cos())]);
const square = (_t: Tensor, y: Tensor): Tensor => y.mul(y);

describe("a step that fails", () => {
  test("leaves all as it was", () => {
    const walker = integrator(square, f64([1]), 0, { maxSteps: 2000 });
    const run = (): unknown => walker.advance(2);
    expect(run).toThrow(/integrator: stepUnderflow at t = 1\.0.*y\[0\]/);
    expect([walker.t, walker.stats.steps]).toEqual([0, 0]);
    let error: SolveError | undefined;
    try {
      for (;;) walker.step();
    } catch (thrown) {
      error = thrown as SolveError;
    }
    expect(error).toBeInstanceOf(SolveError);
    expect([error.status, error.component]).toEqual(["stepUnderflow", "y[0]"]);
    const [t, y] = [walker.t, numbers(walker.y)];
    expect(y[0]).toBeGreaterThan(1e6);
    expect(() => walker.step()).toThrow(SolveError);
    expect([walker.t, numbers(walker.y)]).toEqual([t, y]);
    walker.set(f64([-1]), 0);
    close(walker.advance(1), [-0.5], 1e-5);
  });

  test("with the first evaluation is refused at once", () => {
    const bad = (_t: Tensor, y: Tensor): Tensor => y.neg().sqrt();
    expect(() => integrator(bad, f64([0, 1]), 0)).toThrow(
      /integrator: nonFinite at t = 0 .*y\[1\] = 1 with derivative NaN/,
    );
    const rough = integrator(square, f64([1]), 0, { solver: rk4, dt0: 0.5 });
    expect(() => rough.advance(50)).toThrow(/integrator: nonFinite/);
    expect(() => integrator(driven, f64([1, 0]), 0, { maxSteps: 3 }).advance(50)).toThrow(/maxStepsReached/);
  });
});

test.each<[string, () => unknown, RegExp]>([
  [
    "options of other functions",
    () => integrator(driven, f64([1, 0]), 0, { dense: true } as never),
    /integrator: unknown option dense/,
  ],
  ["a direction", () => integrator(driven, f64([1, 0]), 0, { direction: 2 as 1 }), /direction is 2; give 1 or -1/],
  ["a time", () => integrator(driven, f64([1, 0]), NaN), /t0 is NaN; give a finite number/],
  [
    "constant steps",
    () => integrator(driven, f64([1, 0]), 0, { solver: rk4, controller: constant() }),
    /constant\(\) without dt/,
  ],
  [
    "traced values",
    () => grad((y: Tensor) => integrator(driven, y, 0).advance(1).sum())(f64([1, 0])),
    /integrator: .* outside of compile, grad and vmap/,
  ],
])("%s are checked", (_name, fn, expected) => expect(fn).toThrow(expected));

test("what was not saved is not restored", () => {
  const walker = integrator(driven, f64([1, 0]), 0);
  for (const saved of [undefined, 3, {}, { ...walker.save(), clock: undefined }])
    expect(() => walker.restore(saved as never)).toThrow(
      "restore: this is no state of an integrator; give what save()",
    );
  expect(walker.t).toBe(0);
});

test("traced values are refused with the name for what is not supported", () => {
  expect(() => grad((y: Tensor) => integrator(driven, y, 0).y.sum())(f64([1, 0]))).toThrow(UnsupportedError);
  expect(() =>
    grad((k: Tensor) =>
      integrator((_t, y: Tensor) => y.mul(k), f64([1]), 0)
        .advance(1)
        .sum(),
    )(f64(1)),
  ).toThrow(/closes over a traced value/);
});

import { compile, type Tensor, type Tree, withTarget, js, tree } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  auto,
  bdf,
  dop853,
  odeint,
  odex,
  pid,
  radau5,
  rodas5p,
  type Solver,
  Status,
  stepDoubling,
  rk4,
  tsit5,
  vern7,
} from "../src/index";
import { f64, message } from "./support/numbers";

const field = (t: Tensor, y: Tensor): Tensor => y.sub(t.cos()).neg();
const solvers: readonly Solver[] = [
  ...[tsit5, dop853, vern7, rodas5p, radau5, bdf, auto, odex, adamsBashforthMoulton],
  stepDoubling(rk4),
];
const sizeOf = (scaled: Tree): Tensor => (tree.leaves(scaled)[0] as Tensor).square().mean().sqrt();

describe("no step is taken by a norm of the user's", () => {
  const norms = {
    negative: (scaled: Tree) => sizeOf(scaled).neg().sub(1),
    NaN: (scaled: Tree) => sizeOf(scaled).mul(NaN),
  };

  test.each(solvers.flatMap((solver) => Object.entries(norms).map(([name, norm]) => ({ solver, name, norm }))))(
    "that is $name: $solver.name",
    ({ solver, norm }) => {
      const options = { solver, controller: pid({ norm }) };
      expect(message(() => odeint(field, f64([1, 2]), [0, 1], options))).toMatch(
        /^odeint: stepUnderflow at t = 0 .* after 0 accepted .*the controller's norm may be negative or NaN: it gives sizes of errors, 0 or positive/,
      );
    },
  );

  test.each(solvers)("that is negative, in a program: $name", (solver) => {
    const options = { solver, controller: pid({ norm: norms.negative }), throw: false };
    const failed = compile((y: Tensor) => odeint(field, y, [0, 1], options))(f64([1, 2]));
    expect(failed.status.itemSync()).toBe(Status.stepUnderflow);
    expect(failed.ys.isNaN().sum().itemSync()).toBe(2);
  });

  test("that is none", () => {
    const solve = (norm: unknown) => odeint(field, f64([1]), [0, 1], { controller: pid({ norm: norm as "rms" }) });
    expect(() => solve(() => 0.5)).toThrow("pid: norm returned 0.5; return a tensor");
    expect(() => solve((y: Tensor) => y.mul(f64([1, 2])))).toThrow("pid: norm returned shape [2]; return one number");
  });

  test("that is negative on the oracle", () => {
    withTarget(js(), () => {
      const controller = pid({ norm: norms.negative });
      const { status } = odeint(field, f64([1, 2]), [0, 1], { controller, throw: false });
      expect(status.itemSync()).toBe(Status.stepUnderflow);
    });
  });
});

test.each(solvers)("the root of the mean square, given as a function, is rms: $name", (solver) => {
  const solve = (norm: "rms" | typeof sizeOf) =>
    odeint(field, f64([1, 2]), [0, 1], { solver, controller: pid({ norm }) });
  const [own, usual] = [solve(sizeOf), solve("rms")];
  expect(own.stats.steps.itemSync()).toBe(usual.stats.steps.itemSync());
  expect(own.ys.sub(usual.ys).abs().max().itemSync()).toBeLessThan(1e-12);
});

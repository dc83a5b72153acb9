import { type Tensor, tensor } from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { odeint, type OdeintOptions } from "../odeint";
import { kvaerno5, rodas5p, tsit5 } from "../solvers";
import { gustafsson } from "./gustafsson";
import { pid } from "./pid";

const field = (t: Tensor, y: Tensor): Tensor => y.mul(y).mul(-8).add(t.mul(9).sin());

const solved = (options: OdeintOptions): readonly number[] => {
  const { ys, stats } = odeint(field, tensor([2, 0.1], { dtype: "float64" }), [0, 0.4, 3], options);
  return [...ys.dataSync(), ...Object.values(stats).map((count: Tensor) => count.itemSync())];
};

describe("a solve that is not told how to choose its steps", () => {
  test.each([
    ["tsit5", tsit5, pid()],
    ["kvaerno5, which is implicit", kvaerno5, pid({ safety: 0.85 })],
    ["rodas5p, a Rosenbrock method", rodas5p, gustafsson({ safety: 0.85 })],
  ])("does what it is documented to do, to the bit: %s", (_name, solver, controller) => {
    expect(solved({ solver })).toEqual(solved({ solver, controller }));
  });
});

import { compile, ones, registerFailure, type Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import { event, odeint, type OdeintOptions, pid, rk4, saveAt, type SolveError } from "../src/index";
import { failureOf } from "./support/failure-of";

test("programs of other numbers and shapes share their failures", () => {
  const often = event((t: Tensor) => t.mul(50).sin(), { terminal: false });
  const run = (n: number): readonly SolveError[] => {
    const solve = (options: OdeintOptions) => (): unknown =>
      compile((y: Tensor) => odeint((_t, y) => y.square(), y, [0, 2], options).ys)(ones([n], { dtype: "float64" }));
    const short = { controller: pid({ dtMin: 0.01 * n }) };
    return [
      ...[short, { solver: rk4, dt0: 0.1 / n, maxSteps: 3 }].map(solve),
      ...[{ events: [often], maxEvents: n }, { saves: { all: saveAt({ every: 1, capacity: n }) } }].map(solve),
    ].map(failureOf);
  };
  const told = run(2).map(({ message }) => message);
  expect(told[0]).toMatch("steps may be no shorter than dtMin = 0.02: lower it; else the solution");
  expect(told[1]).toMatch("; 40 steps of this length are needed: raise maxSteps");
  expect(told[2]).toMatch("maxEventsReached: events[0] fired more than maxEvents = 2 times, at");
  expect(told[3]).toMatch("maxSavesReached: saves.all of capacity 2 is full at");
  const unused = (): number => registerFailure(() => new Error());
  const before = unused();
  for (let n = 3; n < 7; n++) expect(run(n).map(({ status }) => status)).toEqual(run(2).map(({ status }) => status));
  expect(unused()).toBe(before + 1);
});

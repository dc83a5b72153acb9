import { expect, test } from "vitest";
import * as odeint from "../src/index";

const of = (kinds: readonly string[]): readonly [string, { readonly with: (changes: object) => unknown }][] =>
  Object.entries(odeint).flatMap(([name, made]) => {
    const { kind, with: change } = (made ?? {}) as { readonly kind?: string; readonly with?: unknown };
    return kinds.includes(kind!) && typeof change === "function" ? [[name, made as never] as const] : [];
  });

const made = of(["explicit", "symplectic", "stepper", "rosenbrock", "diagonallyImplicit", "imex", "radau", "milstein"]);

test.each([
  ...made,
  ["stepDoubling(rk4)", odeint.stepDoubling(odeint.rk4)],
  ["makeReversible(rk4)", odeint.makeReversible(odeint.rk4)],
] as const)("%s.with refuses what it does not know, and says what it knows", (_name, solver) => {
  expect(() => solver.with({ colour: 1 } as never)).toThrow(/: unknown option colour; known are [a-z]/);
});

test("there are such solvers of each kind, and near misses are named", () => {
  expect(made.length).toBeGreaterThan(40);
  expect(() => odeint.tsit5.with({ bErorr: [] } as never)).toThrow(
    "tsit5.with: unknown option bErorr; did you mean bError? known are name, order, c",
  );
  expect(odeint.tsit5.with({ name: "mine" })).toMatchObject({ name: "mine", order: 5, stages: 7 });
});

test.each<[string, () => unknown]>([
  ["pid", () => odeint.pid({ rtoll: 1 } as never)],
  ["gustafsson", () => odeint.gustafsson({ rtoll: 1 } as never)],
  ["constant", () => odeint.constant({ rtoll: 1 } as never)],
  ["discretize", () => odeint.discretize({ rtoll: 1 } as never)],
  ["backsolve", () => odeint.backsolve({ rtoll: 1 } as never)],
  ["interpolating", () => odeint.interpolating({ rtoll: 1 } as never)],
  ["forwardSensitivity", () => odeint.forwardSensitivity({ rtoll: 1 } as never)],
])("%s refuses options that it does not know", (name, make) => {
  expect(make).toThrow(`${name}: unknown option rtoll`);
});

import type { Tensor } from "@dzdt/tensor";
import { expect, test } from "vitest";
import {
  backsolve,
  constant,
  forwardSensitivity,
  interpolating,
  kvaerno3,
  odeint,
  pid,
  reversible,
  reversibleHeun,
  rk4,
  tsit5,
} from "../src/index";
import { f64 } from "./support/numbers";

const y = f64([1]);
const plain = (_t: Tensor, x: Tensor): Tensor => x.neg();

test.each<[RegExp, () => unknown]>([
  [/backsolve: unknown option seminorms; did you mean seminorm/, () => backsolve({ seminorms: true } as never)],
  [/backsolve: seminorm is 1; give true or false/, () => backsolve({ seminorm: 1 } as never)],
  [/backsolve: drift is 0; give a positive number/, () => backsolve({ drift: 0 })],
  [/interpolating: rtol is -1; give a positive number/, () => interpolating({ rtol: -1 })],
  [/solver is "tsit5" of another kind|solver is/, () => forwardSensitivity({ solver: "tsit5" } as never)],
  [
    /backsolve: rk4 has no error estimate, by which this solve would choose its steps; give the adjoint a solver such as tsit5/,
    () => odeint(plain, y, [0, 1], { adjoint: backsolve({ solver: rk4 }) }),
  ],
  [
    /interpolating: tsit5 takes no mass matrix; give the adjoint a solver such as rodas5p/,
    () => odeint(plain, y, [0, 1], { solver: kvaerno3, mass: f64([[2]]), adjoint: interpolating({ solver: tsit5 }) }),
  ],
  [
    /reversible: steps of tsit5 cannot be undone; use leapfrog or another symmetric splitting, implicitMidpoint or gauss4, reversibleHeun, makeReversible\(tsit5\)/,
    () => odeint(plain, y, [0, 1], { adjoint: reversible() }),
  ],
  [
    /reversible: steps of several lengths cannot be undone; give controller: constant\(\{ dt \}\)/,
    () => odeint(plain, y, [0, 1], { solver: reversibleHeun, controller: pid(), adjoint: reversible() }),
  ],
  [
    /reversible: steps whose sums are compensated cannot be undone; leave compensated out/,
    () => {
      const controller = constant({ dt: 0.1, compensated: true });
      return odeint(plain, y, [0, 1], { solver: rk4, controller, adjoint: reversible() });
    },
  ],
  [/adjoint is of no known kind; give discretize\(\)/, () => odeint(plain, y, [0, 1], { adjoint: {} as never })],
])("%s", (message, call) => expect(call).toThrow(message));

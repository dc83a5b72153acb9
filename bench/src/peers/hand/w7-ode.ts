import type { Attempts } from "../../case";
import { rhoOf } from "../../workloads/w7-ode";
import { one, oneByOne } from "../trajectories";
import { tsit5 } from "./tsit5";

const lorenz = (dy: Float64Array, y: Float64Array, rho: number): void => {
  dy[0] = 10 * (y[1]! - y[0]!);
  dy[1] = y[0]! * (rho - y[2]!) - y[1]!;
  dy[2] = y[0]! * y[1]! - (8 / 3) * y[2]!;
};

/** Ten thousand times a thousand steps, the state in local variables. */
function ensemble(): Float64Array {
  const n = 10_000;
  const ends = new Float64Array(3 * n);
  const h = 1e-3;
  const beta = 8 / 3;
  for (let i = 0; i < n; i++) {
    const rho = rhoOf(i);
    let [x, y, z] = [1, 0, 0];
    for (let step = 0; step < 1000; step++) {
      const x1 = 10 * (y - x);
      const y1 = x * (rho - z) - y;
      const z1 = x * y - beta * z;
      let [a, b, c] = [x + 0.5 * h * x1, y + 0.5 * h * y1, z + 0.5 * h * z1];
      const x2 = 10 * (b - a);
      const y2 = a * (rho - c) - b;
      const z2 = a * b - beta * c;
      [a, b, c] = [x + 0.5 * h * x2, y + 0.5 * h * y2, z + 0.5 * h * z2];
      const x3 = 10 * (b - a);
      const y3 = a * (rho - c) - b;
      const z3 = a * b - beta * c;
      [a, b, c] = [x + h * x3, y + h * y3, z + h * z3];
      const x4 = 10 * (b - a);
      const y4 = a * (rho - c) - b;
      const z4 = a * b - beta * c;
      x += (h / 6) * (x1 + 2 * (x2 + x3) + x4);
      y += (h / 6) * (y1 + 2 * (y2 + y3) + y4);
      z += (h / 6) * (z1 + 2 * (z2 + z3) + z4);
    }
    ends.set([x, y, z], 3 * i);
  }
  return ends;
}

/** Kick, drift, kick, with the force kept for the next step. */
function kepler(steps: number): number[] {
  const dt = 0.01;
  let [x, y, px, py] = [0.4, 0, 0, 2];
  let square = x * x + y * y;
  let cube = square * Math.sqrt(square);
  let fx = -x / cube;
  let fy = -y / cube;
  for (let i = 0; i < steps; i++) {
    px += 0.5 * dt * fx;
    py += 0.5 * dt * fy;
    x += dt * px;
    y += dt * py;
    square = x * x + y * y;
    cube = square * Math.sqrt(square);
    fx = -x / cube;
    fy = -y / cube;
    px += 0.5 * dt * fx;
    py += 0.5 * dt * fy;
  }
  return [x, y, px, py];
}

/** Forest and Ruth's steps, drift first. */
function henon(steps: number): number[] {
  const dt = 0.01;
  const outer = 1 / (2 - Math.cbrt(2));
  const inner = 1 - 2 * outer;
  const [edge, middle] = [0.5 * outer * dt, 0.5 * (outer + inner) * dt];
  const [kick, back] = [outer * dt, inner * dt];
  let [x, y, px, py] = [0, 0.1, 0.5, 0];
  for (let i = 0; i < steps; i++) {
    x += edge * px;
    y += edge * py;
    px -= kick * (x + 2 * x * y);
    py -= kick * (y + x * x - y * y);
    x += middle * px;
    y += middle * py;
    px -= back * (x + 2 * x * y);
    py -= back * (y + x * x - y * y);
    x += middle * px;
    y += middle * py;
    px -= kick * (x + 2 * x * y);
    py -= kick * (y + x * x - y * y);
    x += edge * px;
    y += edge * py;
  }
  return [x, y, px, py];
}

export const attempts: Attempts = {
  W7a: () => one("tsit5 written out", (end) => tsit5(lorenz, 28, [1, 1, 1], end, 1e-8)),
  "W7b.rk4": () => ({ note: "scalars", dtype: "f64", run: ensemble, result: ensemble }),
  "W7b.adaptive": () => oneByOne("tsit5 written out", (rho) => tsit5(lorenz, rho, [1, 0, 0], 1, 1e-6)),
  "W7d.kepler": () => ({ run: () => kepler(1e6), result: () => kepler(1e6) }),
  "W7d.henon": () => ({ run: () => henon(1e6), result: () => [...henon(1e6), ...henon(1e4).slice(0, 2)] }),
};

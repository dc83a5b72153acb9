import { add, mul, square, sub, tensor, type Tensor, tree } from "@dzdt/tensor";
import { expect } from "vitest";
import { type Adjoint, backsolve, forwardSensitivity, interpolating } from "../../src/index";
import data from "../data/adjoint.json";
import { tensorField, type WrittenField } from "./expression";

export interface Case {
  readonly id: string;
  readonly t0: number;
  readonly p: number[];
  readonly y0: number[];
  readonly ts: number[];
  readonly loss: number;
  readonly dL_dp: number[];
  readonly dL_dy0: number[];
  readonly dL_dt0: number;
  readonly dL_dt_last: number;
  readonly hvp_direction_p_then_y0?: number[];
  readonly hvp?: number[];
}

export interface LinearCase {
  readonly id: string;
  readonly A: number[][];
  readonly y0: number[];
  readonly T: number;
  readonly c: number[];
  readonly loss: number;
  readonly y_T: number[];
  readonly dL_dy0: number[];
  readonly dL_dA: number[][];
  readonly dL_dT: number;
}

export interface DiscreteCase {
  readonly id: string;
  readonly method: "rk4" | "dopri5";
  readonly steps: number;
  readonly h: number;
  readonly t0: number;
  readonly p: number[];
  readonly y0: number[];
  readonly loss: number;
  readonly dL_dp: number[];
  readonly dL_dy0: number[];
}

/** A Jacobian of the state at T. */
export interface SensitivityCase {
  readonly id: string;
  readonly p: number[];
  readonly y0: number[];
  readonly T: number;
  readonly dy_dp: number[][];
}

const all = data as unknown as readonly { readonly kind?: string; readonly id: string }[];
export const smooth = all.filter(({ kind }) => kind === undefined) as unknown as readonly Case[];
export const linear = all.filter(({ kind }) => kind === "linear") as unknown as readonly LinearCase[];
export const discrete = all.filter(({ kind }) => kind === "discrete") as unknown as readonly DiscreteCase[];

export const sensitivity = all.find(({ kind }) => kind === "jacobian") as unknown as SensitivityCase;

export const f64 = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype: "float64" });
export const numbers = (x: Tensor): number[] => Array.from(x.dataSync() as Float64Array);
export const fieldOf = (problem: unknown): ((t: Tensor, y: Tensor, p: Tensor) => Tensor) =>
  tensorField(problem as WrittenField);

/** Largest difference relative to the largest reference value, beside which small ones are sums of what cancels. */
export function relative(actual: Tensor | number[], expected: readonly number[]): number {
  const values = Array.isArray(actual) ? actual : numbers(actual);
  expect(values).toHaveLength(expected.length);
  const scale = Math.max(...expected.map(Math.abs));
  return Math.max(...values.map((x, i) => Math.abs(x - expected[i]!))) / scale;
}

/** Component `i` of the state at output `k` (0 is t0). */
const at = (ys: Tensor, k: number, i: number): Tensor => ys.slice([k, i], [k + 1, i + 1]).reshape([]);

export const losses: Record<string, (ys: Tensor) => Tensor> = {
  "lotka-volterra-sum": (ys) => ys.slice([1], [11]).sum(),
  "harmonic-omega": (ys) => add(square(at(ys, 2, 0)), at(ys, 1, 1)),
  "van-der-pol-mild": (ys) => add(mul(at(ys, 2, 0), at(ys, 2, 1)), at(ys, 1, 0)),
  "kepler-final": (ys) => add(square(at(ys, 1, 0)), at(ys, 1, 3)),
  "mlp-2-6-2": (ys) => add(square(ys.slice([2], [3])).sum(), at(ys, 1, 0)),
  "cnf-mlp-b": (ys) => sub(at(ys, 1, 2), add(square(at(ys, 1, 0)), square(at(ys, 1, 1))).mul(0.5)),
};

/** Adjoints that integrate equations of their own, by name. */
export const continuousAdjoints: readonly [string, Adjoint][] = [
  ["interpolating", interpolating()],
  ["backsolve", backsolve()],
  ["forwardSensitivity", forwardSensitivity()],
];

/** The numbers of all leaves. */
export const flat = (x: unknown): number[] => (tree.leaves(x as never) as Tensor[]).flatMap(numbers);

import { concat, cos, matmul, mul, sin, sub, type Tensor, tensor, where } from "@dzdt/tensor";
import fc from "fast-check";
import type { Solver } from "../../src/index";
import { adamsBashforthMoulton, makeReversible, odex, rk4, stepDoubling, trapezoid, tsit5 } from "../../src/index";
import { isAdaptive } from "../../src/solver";
import * as solvers from "../../src/solvers";

type Matrix = readonly (readonly number[])[];

/** y′ = A y + B sin y + c cos t on three components, in other coordinates z = S y + d and another time s t. The fourth component is time. */
export interface Numbers {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly c: readonly number[];
  /** S, its inverse, and d. */
  readonly to?: Matrix;
  readonly from?: Matrix;
  readonly shift?: readonly number[];
  /** Times as fast. */
  readonly speed?: number;
  /** 1 takes time from the state, 0 from the solver. */
  readonly own?: number;
  /** The square of |y| beyond which the field is NaN. */
  readonly radius?: number;
}

export const identity: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

type Dtype = "float32" | "float64";

/** Its numbers as the field's arguments: one program for all fields. */
export const argsOf = (numbers: Numbers, dtype: Dtype = "float64") => {
  const { a, b, c, to = identity, from = identity, shift = [0, 0, 0], speed = 1, own = 0, radius = Infinity } = numbers;
  const x = (values: number | number[] | number[][]): Tensor => tensor(values, { dtype });
  const matrix = (rows: Matrix): Tensor => x(rows.map((row) => [...row]));
  return {
    a: matrix(a),
    b: matrix(b),
    c: x([...c]),
    to: matrix(to),
    from: matrix(from),
    shift: x([...shift]),
    speed: x(speed),
    own: x(own),
    radius: x(radius),
  };
};

/** The field of a state `[4]`. */
export function field(t: Tensor, z: Tensor, n: ReturnType<typeof argsOf>): Tensor {
  const y = matmul(n.from, sub(z.slice([0], [3]), n.shift));
  const clock = z.slice([3], [4]).reshape([]);
  const time = mul(t, n.speed);
  const now = time.add(n.own.mul(clock.sub(time)));
  const slope = matmul(n.a, y)
    .add(matmul(n.b, sin(y)))
    .add(n.c.mul(cos(now)));
  const inside = where(y.mul(y).sum().greater(n.radius), NaN, 1);
  return concat([matmul(n.to, slope).mul(inside), inside.mul(0).add(1).reshape([1])]).mul(n.speed);
}

const dyadic = fc.integer({ min: -16, max: 16 }).map((n) => n / 16);
export const triple = fc.tuple(dyadic, dyadic, dyadic);
export const matrix = fc.tuple(triple, triple, triple);

/** Small fields with coefficients that are multiples of 1/16. */
export const fields: fc.Arbitrary<Numbers> = fc.record({ a: matrix, b: matrix, c: triple });

/** Linear maps with inverses that are exact: products of unit triangles. */
export const maps = fc.tuple(dyadic, dyadic, dyadic, triple).map(([x, y, z, shift]) => ({
  to: [
    [1, x, y],
    [0, 1, z],
    [0, 0, 1],
  ],
  from: [
    [1, -x, x * z - y],
    [0, 1, -z],
    [0, 0, 1],
  ],
  shift,
}));

const exported = Object.values(solvers) as readonly Solver[];

/** Solvers of steps of one length for any field, all that are exported among them. */
export const steady: readonly Solver[] = [
  ...exported.filter(
    ({ kind, name }) => kind !== "symplectic" && !["tao", "bdf", "odex", "adamsBashforthMoulton"].includes(name),
  ),
  adamsBashforthMoulton.with({ order: 4 }),
  odex.with({ order: 6 }),
  stepDoubling(rk4),
  stepDoubling(trapezoid),
  makeReversible(tsit5),
];

/** Solvers that choose their steps, all that are exported among them. */
export const choosing: readonly Solver[] = [...exported.filter(isAdaptive), stepDoubling(rk4), stepDoubling(trapezoid)];

import type { Tensor } from "@dzdt/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  adamsBashforthMoulton,
  auto,
  bdf,
  event,
  kencarp4,
  kvaerno5,
  odeint,
  odex,
  pid,
  radau5,
  reversibleHeun,
  rk4,
  rodas5p,
  type Solver,
  stepDoubling,
  vern7,
} from "../src/index";
import { argsOf, choosing, field, fields, type Numbers, triple } from "./support/random-fields";
import { close, f64, last, numbers } from "./support/numbers";

const runs = { numRuns: 3 };
const rtol = 1e-6;
const atol = 1e-6;
const places = fc.tuple(fc.double({ min: 0.1, max: 0.9, noNaN: true }), fc.double({ min: 1, max: 1.9, noNaN: true }));

interface More {
  readonly ts?: number[];
  readonly jumpTs?: number[];
  readonly never?: boolean;
}

function solve(solver: Solver, n: Numbers, y0: readonly number[], { ts = [], jumpTs = [], never = false }: More = {}) {
  const { ys, stats, at } = odeint(field, f64([...y0, 0]), [0, ...ts, 2], {
    solver,
    controller: pid({ rtol, atol, ...(jumpTs.length > 0 && { jumpTs: f64(jumpTs) }) }),
    args: argsOf(n),
    ...(never && { events: [event((_t: Tensor, y: Tensor) => y.square().sum().add(1)), event({ at: [3] })] }),
  });
  return { ys: ys, at, counts: [stats.steps, stats.rejected].map((x) => x.itemSync()) };
}

describe.each(choosing)("$name", (solver) => {
  test("ends steps at jumps that are none, for an error of about the tolerance", () => {
    fc.assert(
      fc.property(fields, triple, places, (n, y0, jumpTs) => {
        const plain = numbers(last(solve(solver, n, y0).ys));
        const size = 1 + Math.max(...plain.map(Math.abs));
        close(numbers(last(solve(solver, n, y0, { jumpTs }).ys)), plain, 300 * rtol * size);
      }),
      runs,
    );
  });
});

const kinds = [
  ...[vern7, rodas5p, kvaerno5, radau5, kencarp4, bdf, auto],
  ...[adamsBashforthMoulton, odex, reversibleHeun, stepDoubling(rk4)],
];

describe.each(kinds)("$name", (solver) => {
  test("takes its steps whatever is saved or watched, to the bit, and saves what its dense output says", () => {
    fc.assert(
      fc.property(fields, triple, places, (n, y0, ts) => {
        const plain = solve(solver, n, y0);
        const saved = solve(solver, n, y0, { ts, never: true });
        expect(numbers(last(saved.ys))).toEqual(numbers(last(plain.ys)));
        expect(saved.counts).toEqual(plain.counts);
        expect(numbers(plain.at([0, ...ts, 2]))).toEqual(numbers(saved.ys));
      }),
      runs,
    );
  });
});

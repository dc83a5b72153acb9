import { grad, vmap } from "@dzdt/autograd";
import { discretize, heun, odeint, pid, rk4 } from "@dzdt/odeint";
import {
  applyTape,
  type LoopOptions,
  matmul,
  type Tape,
  tensor,
  type Tensor,
  trace,
  wasm,
  whileLoop,
  withTarget,
} from "@dzdt/tensor";
import { assertClose } from "@dzdt/tensor/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withoutCalls } from "../packages/kernels-wgsl/src/schedule/inlined";
import { withRowsApart } from "../packages/kernels-wgsl/src/schedule/rows-apart";
import { withOwnWaysBack } from "../packages/kernels-wgsl/src/schedule/ways-back";

/** What one element computes of its own numbers and of what all share. */
type One = (y: Tensor, own: Tensor, shared: Tensor) => Tensor;
type Many = (ys: Tensor, owns: Tensor, shared: Tensor) => Tensor[];

const orders: Readonly<Record<string, (one: One) => Many>> = {
  "grad of vmap": (one) => (ys, owns, shared) =>
    grad(([ys, owns, shared]: Tensor[]) =>
      vmap((y: Tensor, own: Tensor) => one(y, own, shared!))(ys!, owns!)
        .square()
        .sum(),
    )([ys, owns, shared]),
  "vmap of grad": (one) => (ys, owns, shared) =>
    vmap((y: Tensor, own: Tensor) =>
      grad(([y, own, shared]: Tensor[]) => one(y!, own!, shared!).square().sum())([y, own, shared]),
    )(ys, owns),
};

const f64 = (values: number[], shape: number[]): Tensor => tensor(values, { dtype: "float64" }).reshape(shape);
const isDynamic = ({ avals }: Tape): boolean => avals.some(({ dynamic }) => dynamic);

/** Each element alone must give what all give in lock step: the same but for the order of sums. */
function agrees(many: Many, ins: readonly [Tensor, Tensor, Tensor]): void {
  withTarget(wasm(), () => {
    const types = ins.map(({ dtype, shape }) => ({ dtype, shape }));
    const { tape, captured } = trace("test", (...xs) => many(...(xs as [Tensor, Tensor, Tensor])), types);
    const flat = withoutCalls(tape);
    const apart = withOwnWaysBack(flat, 2 ** 28);
    expect(isDynamic(flat)).toBe(true);
    expect(isDynamic(apart), "nothing goes in lock step").toBe(false);
    const expected = applyTape(tape, [...ins, ...captured]);
    for (const each of [apart, withRowsApart(apart, 2 ** 28)])
      applyTape(each, [...ins, ...captured]).forEach((x, j) =>
        assertClose(x, expected[j]!, { rtol: 1e-11, atol: 1e-12 }),
      );
  });
}

describe.each(Object.entries(orders))("each element there and back on its own: %s", (_name, many) => {
  test("loops that end when they are done", () => {
    // Most of fc.double are next to 0, and elements that are all alike have steps that are all alike.
    const number = fc.integer({ min: -200, max: 200 }).map((n) => n / 100);
    const numbers = (count: number): fc.Arbitrary<number[]> => fc.array(number, { minLength: count, maxLength: count });
    const checkpoints = fc.constantFrom<LoopOptions["checkpoints"]>("all", "sqrt", "log", 3);
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.boolean(),
        checkpoints,
        numbers(16),
        numbers(9),
        (size, twice, kept, own, shared) => {
          const advance = (y: Tensor, t: Tensor, end: Tensor, w: Tensor): { t: Tensor; y: Tensor } =>
            whileLoop(
              (c: { t: Tensor; y: Tensor }) => c.t.less(end.square().add(0.1)),
              ({ t, y }: { t: Tensor; y: Tensor }) => ({
                t: t.add(y.mean().square().add(0.2)),
                y: matmul(y, w).sin().add(y.mul(end)),
              }),
              { t, y },
              { maxSteps: 30, ...(kept === undefined ? {} : { checkpoints: kept }) },
            );
          const one: One = (y, end, w) => {
            const first = advance(y, end.mul(0), end, w);
            // One loop goes on where another ended.
            const last = twice ? advance(first.y.sin(), first.t, end.square().add(1), w) : first;
            return last.y.tanh().add(last.t);
          };
          const [ys, ends] = [own.slice(0, 3 * size), own.slice(12, 12 + size)];
          agrees(many(one), [f64(ys, [size, 3]), f64(ends, [size]), f64(shared, [3, 3]).mul(0.4)]);
        },
      ),
      { numRuns: Number(process.env["RUNS"] ?? 15) },
    );
  });

  test.each([
    { solver: heun, controller: pid({ rtol: 1e-4, atol: 1e-5 }) },
    { solver: heun, controller: pid({ rtol: 1e-4, atol: 1e-5 }), adjoint: discretize({ checkpoints: "sqrt" }) },
    { solver: rk4, dt0: 0.1 },
  ])("solves with rows at given times %#", (options) => {
    const one: One = (y, own, w) =>
      odeint((_t, y: Tensor) => matmul(y, w).tanh().mul(own), y, [0, 0.4, 1, 2], { ...options, maxSteps: 1000 }).ys;
    agrees(many(one), [
      f64([1, 2, 0.5, -1, 0.3, 0.1, 4, -3], [4, 2]),
      f64([0.5, 1, 4, 0.1], [4]),
      f64([0, 1, -2, 0.3], [2, 2]),
    ]);
  });
});

import { grad, hessian, vmap } from "@dzdt/autograd";
import {
  type Checkpoints,
  compile,
  fori,
  js,
  ProgramCache,
  scan,
  stack,
  type Target,
  tensor,
  type Tensor,
  wasm,
  whileLoop,
  withTarget,
  zeros,
} from "@dzdt/tensor";
import { describe, expect, test } from "vitest";
import { WasmMemory } from "../packages/tensor/src/targets/wasm/memory";
import { wasmProgram } from "../packages/tensor/src/targets/wasm/program";
import { inMemory } from "./in-memory";

type Loss = (x: Tensor) => Tensor;

const f64 = (values: number | number[]): Tensor => tensor(values, { dtype: "float64" });
const numbers = (x: Tensor): number[] => Array.from(x.dataSync());
const policies: readonly Checkpoints[] = ["all", "sqrt", "log", 1, 7, 1000];

const scanned =
  (reverse: boolean) =>
  (checkpoints: Checkpoints): Loss =>
  (x) => {
    const rows = stack(Array.from({ length: 37 }, (_, k) => x.mul(k / 10)));
    const step = (carry: Tensor, row: Tensor): [Tensor, Tensor] => {
      const next = carry.mul(0.9).add(row.sin()).mul(x.sum().cos());
      return [next, next.mul(row)];
    };
    const [last, ys] = scan(step, x, rows, { checkpoints, reverse });
    return last.sum().add(ys.square().sum());
  };

const losses: Record<string, (checkpoints: Checkpoints) => Loss> = {
  fori: (checkpoints) => (x) =>
    fori(300, (i, y: Tensor) => y.mul(x.mul(0.01)).sin().add(x.mul(0.1)).add(i.cast("float64").mul(1e-3)), x, {
      checkpoints,
    }).sum(),
  scan: scanned(false),
  "scan, reverse": scanned(true),
  whileLoop: (checkpoints) => (x) =>
    whileLoop(
      ({ y }) => y.sum().less(40),
      ({ y, n }) => ({ y: y.mul(1.01).add(x.mul(0.01)), n: n.add(1) }),
      { y: x, n: f64(0) },
      { maxSteps: 500, checkpoints },
    )
      .y.square()
      .sum(),
  "whileLoop to its bound": (checkpoints) => (x) =>
    whileLoop(
      () => true,
      (y) => y.mul(0.99).add(y.mul(x).sin().mul(0.1)),
      x,
      { maxSteps: 53, checkpoints },
    ).sum(),
};

const memory = inMemory(wasm());

const x = [0.4, 0.7];
const both = (): Tensor => stack([f64(x), f64([0.1, 0.9])]);

/** What must not depend on what is kept, to the bit. */
const derivatives: Record<string, (f: Loss) => Tensor> = {
  value: (f) => f(f64(x)),
  "the gradient": (f) => grad(f)(f64(x)),
  "the gradient, compiled": (f) => compile(grad(f))(f64(x)),
  "gradients of a batch": (f) => vmap(grad(f))(both()),
  "the gradient of a batch": (f) => grad((y: Tensor) => vmap(f)(y).sum())(both()),
  "the Hessian": (f) => hessian(f)(f64(x)),
};

describe.each(Object.entries(losses))("%s gives the same bits whatever reverse mode keeps:", (_, make) => {
  test.each(Object.entries(derivatives))("%s", (_, derivative) => {
    for (const target of [wasm(), memory, js()])
      withTarget(target, () => {
        const expected = numbers(derivative(make("all")));
        for (const checkpoints of policies) expect(numbers(derivative(make(checkpoints)))).toEqual(expected);
      });
  });

  test("reverse over reverse, but for rounding", () => {
    const twice = (f: Loss): number[] => numbers(grad((y: Tensor) => grad(f)(y).sum())(f64(x)));
    const expected = twice(make("all"));
    for (const checkpoints of policies)
      twice(make(checkpoints)).forEach((d, k) => expect(Math.abs(d / expected[k]! - 1)).toBeLessThan(1e-13));
  });
});

describe("memory of a gradient through n iterations with a carry of 8 KiB", () => {
  /** KiB of so many carries, of the frame and of a few carries at work; memory grows by half at least. */
  const most = (carries: number): number => 1.5 * (8 * carries + 128);
  /** KiB that the memory of programs has grown to. */
  function memoryFor(n: number, checkpoints: Checkpoints, open: boolean): number {
    const memory = new WasmMemory();
    const target: Target = { ...wasm(), program: (tape) => wasmProgram(tape, memory), programs: new ProgramCache() };
    const step = (y: Tensor): Tensor => y.add(y.sin().mul(0.01));
    const loss: Loss = (y) =>
      (open
        ? whileLoop((c) => c.sum().greater(-1), step, y, { maxSteps: n, checkpoints })
        : fori(n, (_i, c: Tensor) => step(c), y, { checkpoints })
      ).sum();
    withTarget(target, () => compile(grad(loss))(zeros([1024], { dtype: "float64" })).dataSync());
    return memory.memory.buffer.byteLength / 1024;
  }
  test.each([false, true])("is as said, where the number of iterations is known (or not: %s)", (open) => {
    expect(memoryFor(4096, "all", open)).toBeGreaterThan(4096 * 8);
    expect(memoryFor(4096, "sqrt", open)).toBeLessThan(most(2 * 64));
    expect(memoryFor(4096, 16, open)).toBeLessThan(most(4096 / 16 + 16));
    const log = [256, 4096, 65_536].map((n) => memoryFor(n, "log", open));
    log.forEach((kibibytes, k) => expect(kibibytes).toBeLessThan(most(16 * (2 + k))));
  });
});

test.each<[RegExp, () => unknown]>([
  [
    /fori: checkpoints is 0; give "all", "sqrt", "log", or a positive integer/,
    () => fori(2, (_i, c: Tensor) => c, f64(0), { checkpoints: 0 }),
  ],
  [
    /scan: checkpoints is "none"/,
    () => scan((c: Tensor): [Tensor, Tensor] => [c, c], f64(0), undefined, { length: 2, checkpoints: "none" as "all" }),
  ],
  [
    /whileLoop: checkpoints is 1.5/,
    () =>
      whileLoop(
        () => true,
        (c: Tensor) => c,
        f64(0),
        { maxSteps: 2, checkpoints: 1.5 },
      ),
  ],
])("%s", (message, call) => expect(call).toThrow(message));

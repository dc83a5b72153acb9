import { grad } from "@dzdt/autograd";
import {
  compile,
  fori,
  OutOfMemoryError,
  ProgramCache,
  type Target,
  tensor,
  type Tensor,
  wasm,
  whileLoop,
} from "@dzdt/tensor";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { WasmMemory } from "../packages/tensor/src/targets/wasm/memory";
import { wasmProgram } from "../packages/tensor/src/targets/wasm/program";

/** Elements of a result that stays in the memory of programs. */
const n = 2 ** 14;

/** A target with a memory of so many units of 64 KiB. */
function small(pages: number): Target {
  const memory = new WasmMemory(pages);
  return { ...wasm(), program: (tape) => wasmProgram(tape, memory), programs: new ProgramCache() };
}

const counting = (target: Target): Tensor =>
  tensor(
    Float32Array.from({ length: n }, (_, i) => i / n),
    { target },
  );

test("large results outlive a program that stops for want of memory, its arguments as well as others", () => {
  const target = small(64);
  const pair = compile((x: Tensor) => [x.add(1), x.mul(2)] as const);
  const [y, z] = pair(counting(target));
  const last = (x: Tensor, steps: Tensor): Tensor =>
    whileLoop(
      ({ k }) => k.less(steps),
      ({ x, k }) => ({ x: x.mul(x).sin(), k: k.add(1) }),
      { x, k: tensor(0, { dtype: "int32", target }) },
      { maxSteps: 10_000 },
    ).x.sum();
  const slope = compile(grad(last));
  const steps = (count: number): Tensor => tensor(count, { dtype: "int32", target });
  const before = slope(y, steps(3)).dataSync();
  expect(() => slope(y, steps(9999))).toThrow(OutOfMemoryError);
  expect(slope(y, steps(3)).dataSync()).toEqual(before);
  const [again, twice] = pair(counting(target));
  expect(y.dataSync()).toEqual(again.dataSync());
  expect(z.dataSync()).toEqual(twice.dataSync());
});

test("a large result may be what a loop reads, writes and closes over, in programs that take rows as they run", () => {
  const target = small(256);
  const x = counting(target);
  const y = compile((x: Tensor) => x.add(1))(x);
  const slope = compile(grad((x: Tensor) => fori(20, (_k, s: Tensor) => s.mul(y).add(x).mul(0.5), x).sum()));
  const [first, second] = [slope(x), slope(y)];
  const [a, b] = [first.dataSync(), second.dataSync()];
  expect(slope(x).dataSync()).toEqual(a);
  expect(slope(y).dataSync()).toEqual(b);
  expect(y.sub(x).sum().itemSync()).toBe(n);
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test("1,000 large results, dropped or disposed, leave nothing behind", () => {
  const step = compile((x: Tensor) => x.mul(0.5).add(1));
  const x = counting(wasm());
  const calls = (): void => {
    for (let k = 0; k < 500; k++) {
      step(x);
      step(step(x)).dispose();
    }
  };
  const alive = (): number => {
    collect();
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  calls();
  const before = alive();
  calls();
  expect(alive() - before).toBeLessThan(256 * 1024);
});

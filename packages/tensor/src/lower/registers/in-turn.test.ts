import { expect, test } from "vitest";
import { compile, type DType, scan, type Target, type Tensor, tensor, wasm, whileLoop, withTarget } from "../../index";
import { threaded } from "../../targets/wasm/testing/threaded";
import { withoutRegisters } from "./switch";

const types = ["float32", "float64"] as const satisfies readonly DType[];

/** Adds up, as often as the row says, and then once more. */
const grown = (n: Tensor): Tensor =>
  whileLoop(
    ([i]) => i.less(n),
    ([i, y]) => [i.add(1), y.mul(1.01).add(y.sin().square())],
    [tensor(0, { dtype: n.dtype as "float32" }), n.div(7)] as [Tensor, Tensor],
    { maxSteps: 1000 },
  )[1].add(n);

/** Rows of which each is a loop of its own. */
const rowsOf = (ns: Tensor): Tensor => scan((none: Tensor[], n: Tensor) => [none, grown(n)], [] as Tensor[], ns)[1];

/** Every so many rows one takes 20 times as long. */
const periodic = (length: number, period: number): number[] =>
  Array.from({ length }, (_, i) => (i % period === 0 ? 100 : 5) + (i % 3) / 4);

const compute = (target: Target, dtype: DType, list: readonly number[]): number[] =>
  withTarget(target, () => Array.from(compile(rowsOf)(tensor([...list], { dtype })).dataSync()));

test.each(types)("rows in %s are what each is alone, to the bit, in lanes and in memory", (dtype) => {
  const one = compile((n: Tensor) => grown(n));
  for (const [length, period] of [
    [45, 8],
    [131, 4],
    [267, 16],
    [9, 9],
  ] as const) {
    const list = periodic(length, period);
    const rows = compute(wasm(), dtype, list);
    expect(rows).toEqual(list.map((n) => one(tensor(n, { dtype })).itemSync()));
    expect(rows).toEqual(withoutRegisters(() => compute(wasm(), dtype, list)));
  }
});

test.each(types)("rows in %s on two threads are what one gives, to the bit", async (dtype) => {
  const list = periodic(2500, 8);
  const expected = compute(wasm(), dtype, list);
  const target = threaded(2, 1);
  const shared = compile(rowsOf, { target });
  for (let run = 0; run < 4; run++) {
    expect(Array.from(shared(tensor(list, { dtype, target })).dataSync())).toEqual(expected);
    // A thread needs a moment to start.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

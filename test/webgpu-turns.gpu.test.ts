import { grad } from "@dzdt/autograd";
import { webgpu } from "@dzdt/kernels-wgsl";
import { compile, scan, type Target, type Tensor, tensor, wasm, whileLoop, withTarget } from "@dzdt/tensor";
import { expect, test } from "vitest";

/** The sum of what is left when all that grows has passed 4: rows have numbers of steps of their own, 24 at most. */
const grown = (row: Tensor): Tensor =>
  whileLoop(
    (x: Tensor) => x.abs().max().less(4),
    (x: Tensor) => x.mul(1.25).add(x.sin().mul(0.0625)),
    row,
    { maxSteps: 40 },
  ).sum();

const gradients = compile(
  (x: Tensor): Tensor =>
    scan<Tensor[], Tensor, Tensor>((none, row) => [none, grad((row: Tensor) => grown(row))(row)], [], x)[1],
);

/** What rows of `width` elements give, if programs may keep `rowMemory` bytes of their steps: as on wasm. Gives the workgroups of each turn. */
async function turnsOf(rows: number, width: number, rowMemory: number): Promise<number[]> {
  const target = await webgpu({ rowMemory });
  const numbers = Float32Array.from({ length: rows * width }, (_, i) => (((i * 7919) % 23) + 1) / 24);
  const on = (where: Target): Tensor => withTarget(where, () => tensor(numbers).reshape([rows, width]));
  const found = await gradients(on(target)).data();
  const expected = await gradients(on(wasm())).data();
  const worst = Math.max(...found.map((x, i) => Math.abs(x / expected[i]! - 1)));
  expect(worst).toBeLessThan(1e-5);
  const turns = [...gradients.inspect(on(target)).matchAll(/of each row(?:, by \d+ together)?: (\d+) workgroups/g)];
  target.dispose();
  return turns.map(([, groups]) => Number(groups));
}

test("rows that keep steps have a turn together where there is memory for all", async () => {
  expect(await turnsOf(300, 33, 2 ** 26)).toEqual([300]);
});

test("where memory is short for what they may keep, 256 workgroups have a turn", async () => {
  expect(await turnsOf(300, 33, 2 ** 22)).toEqual([256, 44]);
});

test("of rows that are an invocation each, 16,384 have a turn", async () => {
  expect(await turnsOf(16_500, 2, 2 ** 24)).toEqual([256, 2]);
});

import { grad, jvp, vmap } from "@dzdt/autograd";
import {
  argsort,
  compile,
  cumprod,
  cumsum,
  gather,
  scatterAdd,
  sort,
  type Tensor,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import { assertClose, type Closeness, fromNumbers } from "@dzdt/tensor/testing";
import { afterAll, describe, test } from "vitest";
import { fetched, gpu } from "./webgpu-target";

afterAll(async () => (await gpu()).dispose());

type F = (...xs: Tensor[]) => Tensor;
interface Numbers {
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly of: (i: number) => number;
}

const floats = (shape: readonly number[], of: (i: number) => number): Numbers => ({ shape, dtype: "float32", of });
const ints = (shape: readonly number[], of: (i: number) => number): Numbers => ({ shape, dtype: "int32", of });

/** Whole numbers from 0 to 22 in no order: their sums and products are exact. */
const mixed = (i: number): number => (i * 7919 + (i >> 5)) % 23;

/** The same numbers as on wasm, compiled and not. */
async function agrees(f: F, numbers: readonly Numbers[], close: Closeness = {}): Promise<void> {
  const target = await gpu();
  const inputsOn = (where: typeof target | ReturnType<typeof wasm>): Tensor[] =>
    numbers.map(({ shape, dtype, of }) => {
      const size = shape.reduce((product, n) => product * n, 1);
      const values = Array.from({ length: size }, (_, i) => of(i));
      return fromNumbers(values, dtype, shape, where);
    });
  const expected = withTarget(wasm(), () => f(...inputsOn(wasm())));
  for (const run of [f, compile(f)])
    assertClose(
      await fetched(
        withTarget(target, () => run(...inputsOn(target))),
        wasm(),
      ),
      expected,
      close,
    );
}

describe("gradients through kernels in passes are those of wasm", () => {
  test("of an embedding: every row gets what its uses give, in their order", () =>
    agrees(
      (table, at, weights) => grad((x: Tensor) => gather(x, at).mul(weights).square().sum())(table),
      [floats([300, 4], mixed), ints([1000], (i) => (i * 37) % 311), floats([1000, 4], mixed)],
    ));

  test("of a sort: each element gets what its place gives", () =>
    agrees(
      (x, weights) => grad((y: Tensor) => sort(y, 0).mul(weights).sum())(x),
      [floats([1000, 2], mixed), floats([1000, 2], (i) => i % 101)],
    ));

  test("of running sums, from the end backwards", () =>
    agrees(
      (x, weights) => grad((y: Tensor) => cumsum(y).mul(weights).sum())(x),
      [floats([3000], mixed), floats([3000], (i) => mixed(i + 5) - 11)],
    ));

  test("of running products, zeros among the factors", () =>
    agrees(
      (x, weights) => grad((y: Tensor) => cumprod(y).mul(weights).sum())(x),
      [floats([1500], (i) => (i === 1200 ? 0 : 1 + (mixed(i) - 11) / 1000)), floats([1500], (i) => mixed(i) / 23)],
      { rtol: 1e-4, atol: 1e-4 },
    ));

  test("and tangents", () =>
    agrees(
      (x, dx) => jvp((y: Tensor) => cumsum(sort(y)), [x], [dx])[1],
      [floats([1000], mixed), floats([1000], (i) => mixed(i + 3))],
    ));
});

describe("under vmap every line is a line of its own", () => {
  test("argsort", () =>
    agrees(
      vmap((x: Tensor) => argsort(x, 0)),
      [floats([3, 300, 2], mixed)],
    ));

  test("scatterAdd with indices of its own, and with shared ones", async () => {
    const x = floats([3, 50, 2], mixed);
    const updates = floats([3, 200, 2], (i) => mixed(i + 7));
    await agrees(
      vmap((y: Tensor, at: Tensor, z: Tensor) => scatterAdd(y, at, z)),
      [x, ints([3, 200], (i) => (i * 31) % 57), updates],
    );
    await agrees(
      (base, at, added) => vmap((y: Tensor, z: Tensor) => scatterAdd(y, at, z))(base, added),
      [x, ints([200], (i) => (i * 31) % 57), updates],
    );
  });

  test("gradients of running sums", () =>
    agrees(
      vmap((x: Tensor) =>
        grad((y: Tensor) =>
          cumsum(y)
            .square()
            .sum()
            .mul(2 ** -12),
        )(x),
      ),
      [floats([2, 600], (i) => mixed(i) - 11)],
    ));
});

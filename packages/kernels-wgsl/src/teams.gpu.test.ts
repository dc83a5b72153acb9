import {
  compile,
  cond,
  dynamicUpdate,
  fori,
  matmul,
  max,
  scan,
  scatterAdd,
  sum,
  type Target,
  type Tensor,
  tensor,
  wasm,
  where,
  whileLoop,
  withTarget,
} from "@dzdt/tensor";
import { afterAll, describe, expect, test } from "vitest";
import { webgpu, type WebGpuTarget } from "./target";

let opened: Promise<WebGpuTarget> | undefined;
const open = (): Promise<WebGpuTarget> => (opened ??= webgpu());

afterAll(async () => (await opened)?.dispose());

/** Small quarters: their products and sums are exact. */
const numbers = (...shape: number[]): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  return tensor(Float32Array.from({ length: size }, (_, i) => (((i * 7919) % 23) - 11) / 4)).reshape(shape);
};

type F = (...xs: Tensor[]) => Tensor | Tensor[];

/** The results of a function on the device and on wasm, one after another; and what its program is. */
async function both(f: F, inputs: () => Tensor[]): Promise<{ found: number[]; expected: number[]; text: string }> {
  const target = await open();
  const on = async (where: Target): Promise<number[]> => {
    const results = withTarget(where, () => compile((...xs: Tensor[]) => f(...xs))(...inputs()));
    const list = Array.isArray(results) ? results : [results];
    return (await Promise.all(list.map((x) => x.data()))).flatMap((x) => Array.from(x));
  };
  const text = withTarget(target, () => compile((...xs: Tensor[]) => f(...xs)).inspect(...inputs()));
  return { found: await on(target), expected: await on(wasm()), text };
}

/** Runs by a team, and gives what wasm gives, to the bit unless told. */
async function agrees(f: F, inputs: () => Tensor[], digits?: number): Promise<string> {
  const { found, expected, text } = await both(f, inputs);
  expect(/by \d+ together: 1 workgroups/.test(text)).toBe(true);
  if (digits === undefined) expect(found).toEqual(expected);
  else {
    expect(found.length).toBe(expected.length);
    found.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, digits));
  }
  return text;
}

describe("a workgroup runs a loop over arrays together", () => {
  test("elementwise, with numbers of the iteration", async () => {
    await agrees(
      (x) =>
        fori(
          20,
          (i, c: Tensor) =>
            c
              .mul(0.5)
              .add(i.cast("float32"))
              .sub(c.reshape([10, 30]).transpose().reshape([300]))
              .mul(0.25),
          x,
        ),
      () => [numbers(300)],
    );
  });

  test.each([
    [20, 2, 50],
    [5, 64, 64],
    [70, 33, 33],
  ])("products of %i × %i by its %i columns", async (m, k, n) => {
    await agrees(
      (x, a, b) => fori(3, (_i, c: Tensor) => matmul(matmul(c, a).sign(), b).mul(0.25).round(), x),
      () => [numbers(m, k), numbers(k, n), numbers(n, k)],
    );
  });

  test("products of a batch", async () => {
    await agrees(
      (x, a) => fori(3, (_i, c: Tensor) => matmul(c, a).sign(), x),
      () => [numbers(3, 7, 9), numbers(3, 9, 9)],
    );
  });

  test("folds of few and of many elements, and their order", async () => {
    await agrees(
      (x) =>
        fori(
          3,
          (_i, c: Tensor) =>
            c
              .add(sum(c.mul(0.37)).mul(1e-3))
              .sub(sum(c, 1, { keepDims: true }).div(900))
              .add(max(c, 0))
              .mul(0.3),
          x,
        ),
      () => [numbers(7, 900)],
    );
  });

  test("rows that come in and go out, forwards and backwards", async () => {
    const run = (reverse: boolean): F => {
      return (x, rows) => {
        const [end, [ys, flags, last]] = scan(
          (c: Tensor, row: Tensor) => {
            const next = c.mul(0.5).add(row);
            return [next, [next.sum(1), next.less(0), row.slice([0, 0], [1, 3])]] as const;
          },
          x,
          rows,
          { reverse },
        ) as unknown as [Tensor, Tensor[]];
        return [end, ys!, flags!, last!];
      };
    };
    const inputs = (): Tensor[] => [numbers(9, 15), numbers(6, 9, 15)];
    await agrees(run(false), inputs);
    await agrees(run(true), inputs);
  });

  test("a condition over arrays ends it", async () => {
    await agrees(
      (x) => {
        const [steps, y] = whileLoop(
          (c: Tensor[]) => max(c[1]!.abs()).less(1000),
          (c: Tensor[]) => [c[0]!.add(1), c[1]!.mul(2)],
          [tensor(0, { dtype: "int32" }), x],
          { maxSteps: 100 },
        );
        return [steps, y];
      },
      () => [numbers(200)],
    );
  });

  test("branches, loops within loops, and small loops within those", async () => {
    const inner = (c: Tensor): Tensor => fori(4, (_i, d: Tensor) => d.mul(0.5).add(1), c);
    await agrees(
      (x) =>
        fori(
          6,
          (i, c: Tensor) => {
            const some = fori(3, (j, d: Tensor) => d.add(j.cast("float32")).sub(i.cast("float32")), c);
            const small = inner(c.slice([0, 0], [1, 1]));
            return cond(
              sum(some).less(i.cast("float32").mul(50)),
              (a: Tensor, b: Tensor) => a.add(b),
              (a: Tensor, b: Tensor) => matmul(a, a).sign().sub(b),
              some,
              small,
            );
          },
          x,
        ),
      () => [numbers(12, 12)],
    );
  });

  test("lines, sorts, bools, and what one member does for all", async () => {
    await agrees(
      (x, at) =>
        fori(
          3,
          (i, c: Tensor) => {
            const sorted = c.cumsum(1).mul(0.25).sort(0);
            const marked = where(sorted.less(c), sorted, c.neg());
            const moved = dynamicUpdate(marked, i, sum(marked, 0, { keepDims: true }).mul(0.5));
            return scatterAdd(moved, at, numbers(2, 13)).mul(0.5).round();
          },
          x,
        ),
      () => [numbers(8, 13), tensor([1, 1], { dtype: "int32" })],
    );
  });

  test("a long one is a chain of dispatches", async () => {
    const text = await agrees(
      (x) => fori(40_000, (i, c: Tensor) => c.mul(0.5).add(i.cast("float32")), x),
      () => [numbers(65)],
    );
    expect(Number(/goes on, by .* (\d+) times/.exec(text)![1])).toBeGreaterThan(1);
    expect(text).toContain("workgroupUniformLoad");
  });

  test.each([16, 300])("a loop of no iterations gives what it was given, %i² numbers", async (n) => {
    const { found, expected } = await both(
      (x) => fori(0, (_i, c: Tensor) => matmul(c, c), x.mul(2)),
      () => [numbers(n, n)],
    );
    expect(found).toEqual(expected);
  });

  test("small arrays stay with one invocation", async () => {
    const { text, found, expected } = await both(
      (x) => fori(300, (_i, c: Tensor) => matmul(c, c).sign(), x),
      () => [numbers(7, 7)],
    );
    expect(found).toEqual(expected);
    expect(text).not.toMatch(/together/);
  });
});

describe("the whole device runs the iterations of a loop over large arrays one by one", () => {
  const large = (): Tensor[] => [numbers(1024, 80), numbers(3, 1024, 80), numbers(80, 80)];

  test("with rows that come in and go out, backwards too", async () => {
    const run = (reverse: boolean): F => {
      return (x, rows, a) => {
        const [end, [ys, sums]] = scan(
          (c: Tensor, row: Tensor) => {
            const next = matmul(c, a).sign().add(row);
            return [next, [next.slice([1, 0], [3, 80]), next.sum(1).cumsum(0)]] as const;
          },
          x,
          rows,
          { reverse },
        ) as unknown as [Tensor, Tensor[]];
        return [end, ys!, sums!];
      };
    };
    for (const reverse of [false, true]) {
      const { found, expected, text } = await both(run(reverse), large);
      expect(found).toEqual(expected);
      expect(text.match(/before an iteration/g)!.length).toBe(3);
      expect(text).toMatch(/contract add: 32 workgroups/);
    }
  });

  test("but not where there may be many thousands of dispatches", async () => {
    const target = await open();
    const halves = (x: Tensor): Tensor => fori(100_000, (_i, c: Tensor) => c.mul(0.5).add(1), x);
    const text = withTarget(target, () => compile(halves).inspect(numbers(2 ** 17)));
    expect(/loop goes on, by \d+ together/.test(text)).toBe(true);
  });
});

import {
  compile,
  fori,
  matmul,
  max,
  scan,
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
import { gpuSources } from "./gpuSources";
import { webgpu, type WebGpuTarget } from "./target";

const opened: WebGpuTarget[] = [];
const open = async (options: Parameters<typeof webgpu>[0]): Promise<WebGpuTarget> => {
  const target = await webgpu(options);
  opened.push(target);
  return target;
};
let first: Promise<WebGpuTarget> | undefined;
const usual = (): Promise<WebGpuTarget> => (first ??= open({}));

afterAll(() => opened.forEach((target) => target.dispose()));

/** Small quarters: their products and sums are exact. */
const numbers = (...shape: number[]): Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  return tensor(Float32Array.from({ length: size }, (_, i) => (((i * 7919) % 23) - 11) / 4)).reshape(shape);
};

type F = (...xs: Tensor[]) => Tensor | Tensor[];

async function numbersOn(target: Target, f: F, inputs: () => Tensor[]): Promise<number[]> {
  const results = withTarget(target, () => compile((...xs: Tensor[]) => f(...xs))(...inputs()));
  const list = Array.isArray(results) ? results : [results];
  return (await Promise.all(list.map((x) => x.data()))).flatMap((x) => Array.from(x));
}

const textOn = (target: Target, f: F, inputs: () => Tensor[]): string =>
  withTarget(target, () => compile((...xs: Tensor[]) => f(...xs)).inspect(...inputs()));

/** Gives what wasm gives, to the bit; the text of the program. */
async function agrees(f: F, inputs: () => Tensor[], target?: WebGpuTarget): Promise<string> {
  const gpu = target ?? (await usual());
  expect(await numbersOn(gpu, f, inputs)).toEqual(await numbersOn(wasm(), f, inputs));
  return textOn(gpu, f, inputs);
}

/** Results of f for each row, as the rows of a map. */
const each = (f: (row: Tensor) => Tensor[], x: Tensor, reverse = false): Tensor[] =>
  scan<Tensor[], Tensor, never>((none, row) => [none, f(row) as never], [], x, { reverse })[1];

/** Doubles until some element is large: rows have numbers of iterations of their own. */
const grow = (row: Tensor, a: Tensor): Tensor[] =>
  whileLoop(
    (c: Tensor[]) => max(c[1]!.abs()).less(500),
    (c: Tensor[]) => [c[0]!.add(1), matmul(c[1]!, a).sign().add(c[1]!.mul(2))],
    [tensor(0, { dtype: "int32" }), row],
    { maxSteps: 50 },
  );

describe("a workgroup for each row", () => {
  const inputs = (): Tensor[] => [numbers(10, 40), numbers(40, 40)];

  // Many rows have small workgroups.
  test.each([
    { rows: 10, reverse: false },
    { rows: 10, reverse: true },
    { rows: 100, reverse: false },
  ])(
    "that loops until it is done, with bools, numbers and parts of the row ($rows rows, reverse: $reverse)",
    async ({ rows, reverse }) => {
      const text = await agrees(
        (x, a) => {
          const f = (row: Tensor): Tensor[] => {
            const [steps, end] = grow(row, a);
            const signs = [end!.slice([3], [5]).less(0), sum(end!.mul(0.37)).less(0)];
            return [steps!, end!, ...signs, where(row.less(0), end!, row)];
          };
          return each(f, x, reverse);
        },
        () => [numbers(rows, 40), numbers(40, 40)],
      );
      expect(text).toMatch(new RegExp(`of each row, by \\d+ together: ${rows} workgroups`));
      expect(text).not.toMatch(/together: 1 workgroups/);
    },
  );

  test("and gathers rows of its own on the way, as many as it has steps", async () => {
    await agrees(
      (x, a) =>
        each((row) => {
          const [end, kept] = scan((c: Tensor) => [matmul(c, a).sign(), c], row, undefined, { length: 4 });
          const [, sums] = scan((c: Tensor, y: Tensor) => [c.mul(0.5).add(y), sum(c)], row, kept);
          return [end, sums];
        }, x),
      inputs,
    );
  });

  test("small ones have an invocation each", async () => {
    const wide = (): Tensor[] => [numbers(10, 24), numbers(24, 24)];
    const text = await agrees((x, a) => each((row) => grow(row, a), x), wide);
    expect(text).toMatch(/of each row: 1 workgroups/);
  });

  test("long ones are a chain of dispatches, in which every row goes on where it stopped", async () => {
    const run: F = (x, a) =>
      each((m) => {
        const steps = fori(300, (_i, c: Tensor) => matmul(c, a).sign().add(c.mul(0.5)), m);
        return whileLoop(
          (c: Tensor[]) =>
            c[0]!.less(
              sum(steps)
                .abs()
                .cast("int32")
                .mod(tensor(7, { dtype: "int32" })),
            ),
          (c: Tensor[]) => [c[0]!.add(1), matmul(c[1]!, a).sign()],
          [tensor(0, { dtype: "int32" }), steps],
          { maxSteps: 5000 },
        );
      }, x);
    const text = await agrees(run, () => [numbers(3, 64, 64), numbers(64, 64)]);
    const times = [...text.matchAll(/goes on, by \d+ together: 3 workgroups, (\d+) times/g)].map(([, n]) => Number(n));
    expect(Math.max(...times)).toBeGreaterThan(2);
  });
});

describe("sums over rows", () => {
  const inputs = (): Tensor[] => [numbers(12, 40), numbers(40, 40), numbers(40)];

  test("are summed afterwards, so that rows need not wait for each other", async () => {
    const text = await agrees((x, a, start) => {
      const [[ends, squares], steps] = scan(
        (c: Tensor[], row: Tensor) => {
          const [steps, end] = grow(row, a);
          return [[c[0]!.add(end!), matmul(end!.reshape([40, 1]), end!.reshape([1, 40])).add(c[1]!)], steps!];
        },
        [start, a],
        x,
      );
      return [ends, squares, steps];
    }, inputs);
    expect(text).toMatch(/of each row, by \d+ together: 12 workgroups/);
  });

  test("that rows look at are not", async () => {
    const text = await agrees(
      (x, a, start) => scan((c: Tensor, row: Tensor) => [c.add(grow(row.add(sum(c).sign()), a)[1]!), []], start, x)[0],
      inputs,
    );
    expect(text).not.toMatch(/of each row/);
  });
});

test("rows whose memory is more than a buffer holds run some at a time", async () => {
  const found = await Promise.all(gpuSources.map(async ({ load }) => (await load())?.requestAdapter()));
  // With the least limits that there are: 128 MiB.
  const device = await found.find((adapter) => adapter)!.requestDevice();
  const run: F = (x, a) =>
    each((row) => {
      const c = matmul(row.reshape([128, 1]), row.reshape([1, 128]));
      return [
        sum(
          fori(2, (_i, c: Tensor) => c.mul(0.5).add(c.transpose()).mul(a), c),
          1,
        ),
      ];
    }, x);
  const text = await agrees(run, () => [numbers(301, 128), numbers(128, 128).sign()], await open({ device }));
  const groups = [...text.matchAll(/of each row, by \d+ together: (\d+) workgroups/g)].map(([, n]) => Number(n));
  expect(groups.length).toBeGreaterThan(1);
  expect(groups.reduce((sum, n) => sum + n, 0)).toBe(301);
});

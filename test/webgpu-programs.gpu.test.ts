import { grad, jvp, vmap } from "@dzdt/autograd";
import {
  compile,
  type DType,
  isFloat,
  mul,
  ops,
  reshape,
  sin,
  stack,
  sum,
  type Target,
  type Tensor,
  tensor,
  wasm,
  withTarget,
} from "@dzdt/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { exactOperations, smoothOperations } from "./operations";
import { functionOf, inputOf, type Program, programs } from "./programs";
import { gpu, runsOr } from "./webgpu-target";

const numRuns = runsOr(25);

const singleTypes: readonly DType[] = ["float32", "int32", "uint32", "bool"];
/** There is no float64 to cast to. */
const operations: typeof exactOperations = {
  ...exactOperations,
  cast: (s) => ops.cast(s.at(0), singleTypes[s.step.n % 4]!),
};
type Many = (...xs: Tensor[]) => Tensor[];

/** Numbers of results, all asked for before any is waited for. */
const numbers = async (xs: readonly Tensor[]): Promise<number[][]> =>
  // Zeros without their signs: wasm adds the terms of a product of matrices to +0, others begin with the first.
  (await Promise.all(xs.map((x) => x.data()))).map((values) => Array.from(values, (x) => x + 0));

/** What a program gives on a target. */
const outcome = async (program: Program, target: Target, compiled: boolean): Promise<unknown> => {
  const results = withTarget(target, () => {
    const f = functionOf(program, operations);
    return (compiled ? compile(f) : f)(...program.inputs.map(inputOf));
  });
  const values = await numbers(results);
  return results.map(({ dtype, shape }, k) => ({ dtype, shape, values: values[k] }));
};

const smooth = programs(smoothOperations, { dtypes: ["float32"], steps: 6 });

/** The program's floats as one number, each element with a weight of its own. */
function lossOf(program: Program): (...xs: Tensor[]) => Tensor {
  const f = functionOf(program, smoothOperations);
  const weigh = (x: Tensor): Tensor =>
    sum(mul(sin(x), reshape(ops.add(ops.mul(ops.cast(ops.arange(x.size), "float32"), 0.37), 0.5), x.shape)));
  return (...xs) =>
    f(...xs)
      .filter((x) => isFloat(x.dtype))
      .reduce((total, x) => total.add(weigh(ops.tanh(x))), tensor(0));
}

async function agree(program: Program, run: (f: (...xs: Tensor[]) => Tensor, xs: Tensor[]) => Tensor[]): Promise<void> {
  const on = (target: Target): Promise<number[][]> => {
    const results = withTarget(target, () =>
      run(
        lossOf(program),
        program.inputs.map((x) => mul(inputOf(x), 0.4)),
      ),
    );
    return numbers(results);
  };
  const [expected, found] = [await on(wasm()), await on(await gpu())];
  expected.forEach((values, k) => {
    const size = Math.max(1, ...values.map(Math.abs));
    expect(found[k]!.length).toBe(values.length);
    values.forEach((x, i) => {
      const y = found[k]![i]!;
      if (!(Math.abs(x - y) <= 1e-4 * size) && !(Number.isNaN(x) && Number.isNaN(y)))
        expect.fail(`result ${k}, element ${i} is ${y}, on wasm ${x}`);
    });
  });
}

test("random programs give the bits that wasm gives, eager and compiled", async () => {
  const target = await gpu();
  await fc.assert(
    fc.asyncProperty(programs(operations, { dtypes: singleTypes }), async (program) => {
      const expected = await outcome(program, wasm(), true);
      expect(await outcome(program, target, true), "compiled").toEqual(expected);
      expect(await outcome(program, target, false), "eager").toEqual(expected);
    }),
    { numRuns },
  );
}, 600_000);

test("gradients of random programs are those on wasm, eager and compiled, reverse and forward", async () => {
  await fc.assert(
    fc.asyncProperty(smooth, (program) =>
      agree(program, (f, xs) => {
        const gradient = grad(f, xs.map((_, j) => j) as never) as unknown as Many;
        const along = xs.map((x, j) => ops.cos(ops.add(mul(x, 7), j + 1)));
        return [...gradient(...xs), ...compile(gradient)(...xs), jvp(f, xs, along)[1]];
      }),
    ),
    { numRuns },
  );
}, 600_000);

test("vmap of gradients of random programs is that on wasm", async () => {
  await fc.assert(
    fc.asyncProperty(smooth, (program) =>
      agree(program, (f, xs) => {
        const stacked = xs.map((x) => stack([x, x.add(0.21), x.sub(0.4)]));
        const many = vmap(grad(f));
        return [many(...stacked), compile(many)(...stacked)];
      }),
    ),
    { numRuns },
  );
}, 600_000);

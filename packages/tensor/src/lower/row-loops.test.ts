import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, type DType, fori, js, ops, type Target, type Tensor, tensor, wasm, withTarget } from "../index";
import { prune } from "../passes/prune";
import { threaded } from "../targets/wasm/testing/threaded";
import { trace } from "../trace";
import { fuse } from "./fuse";
import { findRowLoops } from "./row-loops";

type F = (x: Tensor) => Tensor | readonly Tensor[];

const mean = (x: Tensor): Tensor => ops.mean(x, -1, { keepDims: true });
const normalised = (x: Tensor): Tensor => {
  const d = x.sub(mean(x));
  return d.div(mean(d.mul(d)).add(1e-5).sqrt());
};
/** Of what IEEE 754 says how it is rounded only, so that targets give the same bits. */
const exact: Readonly<Record<string, F>> = {
  normalised,
  "variance and rest": (x) => {
    const d = x.sub(mean(x));
    return [ops.sum(d.mul(d), -1), d];
  },
  "shares of the greatest": (x) => {
    const share = x
      .sub(ops.max(x, -1, { keepDims: true }))
      .abs()
      .add(1);
    return share.div(ops.sum(share, -1, { keepDims: true }));
  },
  "twice over": (x) => normalised(normalised(x).mul(2).add(x)),
  "with the least and its place": (x) => {
    const least = ops.min(x, -1, { keepDims: true });
    const y = x.sub(least);
    return [ops.argmax(y, -1), y.mul(ops.sum(y, -1, { keepDims: true })), least];
  },
  "a column beside it": (x) =>
    x.sub(mean(x)).mul(ops.reshape(ops.slice(x, [0, 0], [x.shape[0]!, 1]), [x.shape[0]!, 1])),
};
const smooth: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  softmax: (x) => ops.softmax(x, -1),
  logSoftmax: (x) => ops.logSoftmax(x, -1),
  logsumexp: (x) => x.sub(ops.logsumexp(x, -1, { keepDims: true })),
  normalised,
};

const special = [NaN, Infinity, -Infinity, -0, 0, 3e38, -3e38, 1e-40];

function numbers(shape: readonly number[], dtype: DType, seed: number, extreme: boolean): Tensor {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  const size = shape.reduce((n, d) => n * d, 1);
  const values = Array.from({ length: size }, () => {
    const word = next();
    return extreme && word % 97 === 0 ? special[(word >>> 8) % special.length]! : (word >>> 8) / 2 ** 22 - 2;
  });
  return ops.reshape(tensor(values, { dtype }), shape);
}

const list = (x: Tensor | readonly Tensor[]): readonly Tensor[] => ("dtype" in x ? [x] : x);
const bits = (x: Tensor): unknown => ({ dtype: x.dtype, shape: x.shape, values: Array.from(x.dataSync()) });
const on = (target: Target, f: F, make: () => Tensor, whole = false): Tensor[] =>
  withTarget(target, () => [...list((whole ? f : compile(f as never as (x: Tensor) => Tensor[]))(make()))]);

/** How many loops over rows there are, with the loops that each stands for. */
function rowLoops(f: F, shape: readonly number[]): number[] {
  const tape = prune(trace("f", (...ins: Tensor[]) => list(f(ins[0]!)), [{ dtype: "float32", shape }]).tape);
  return [...findRowLoops(tape, fuse(tape)).loops.values()].map(({ kernels }) => kernels.length);
}

describe("a loop over rows", () => {
  test("computes all that rows need of each other", () => {
    expect(rowLoops(smooth["softmax"]!, [256, 500])).toEqual([6]);
    expect(rowLoops(smooth["logSoftmax"]!, [4, 64, 500])).toEqual([6]);
    expect(rowLoops(normalised, [256, 500])).toEqual([6]);
    expect(rowLoops((x) => ops.softmax(x, [0]), [500, 256])).toEqual([]);
    expect(rowLoops(smooth["softmax"]!, [4, 50])).toEqual([]);
  });

  test("ends where columns are needed, or where something between needs a result", () => {
    const columns = (x: Tensor): Tensor => normalised(ops.transpose(normalised(x)));
    expect(rowLoops(columns, [300, 300])).toEqual([6, 6]);
    const between = (x: Tensor): Tensor => {
      const y = x.sub(mean(x));
      const total = ops.sum(y);
      return y.div(ops.sum(y.mul(total), -1, { keepDims: true }));
    };
    // The sum of all stands between y and the rest.
    expect(rowLoops(between, [300, 300])).toEqual([3, 2]);
  });

  test.each(Object.keys(exact))("gives the bits of loops one after another: %s", (name) => {
    fc.assert(
      fc.property(
        fc.constantFrom("float32" as const, "float64" as const),
        fc.constantFrom([2, 9000], [61, 351], [129, 129], [300, 65], [517, 33], [3, 5, 1300]),
        fc.boolean(),
        fc.nat(),
        (dtype, shape, extreme, seed) => {
          const f = exact[name]!;
          const of = name === "a column beside it" ? shape.slice(-2) : shape;
          const make = (): Tensor => numbers(of, dtype, seed, extreme);
          const expected = on(js(), f, make, true).map(bits);
          expect(on(wasm(), f, make).map(bits)).toEqual(expected);
        },
      ),
      { numRuns: 6 },
    );
  });

  test.each(Object.keys(smooth))("of elementary functions is within a few ulp of the interpreter's: %s", (name) => {
    for (const dtype of ["float32", "float64"] as const)
      for (const shape of [
        [70, 333],
        [9, 4099],
        [2, 33, 257],
      ]) {
        const make = (): Tensor => numbers(shape, dtype, 7, false);
        const [expected] = on(js(), smooth[name]!, make, true);
        const [found] = on(wasm(), smooth[name]!, make);
        const reference = expected!.dataSync();
        const tolerance = dtype === "float32" ? 4e-6 : 1e-14;
        found!.dataSync().forEach((value, j) => {
          if (!(Math.abs(value - reference[j]!) <= tolerance * (1 + Math.abs(reference[j]!))))
            expect(value, `${dtype} ${shape.join()} at ${j}`).toBe(reference[j]);
        });
      }
  });

  test("is right for rows of infinities and NaN", () => {
    const rows = (): Tensor => {
      const values = new Float32Array(64 * 512).map((_, i) => (i % 13) - 6);
      values.fill(-Infinity, 0, 512);
      values[512 + 3] = NaN;
      values[1024 + 4] = -Infinity;
      return ops.reshape(tensor(values), [64, 512]);
    };
    const found = on(wasm(), smooth["softmax"]!, rows)[0]!.dataSync();
    expect(Array.from(found.subarray(0, 1024)).every(Number.isNaN)).toBe(true);
    expect(found[1028]).toBe(0);
    expect(Array.from(found.subarray(1024)).reduce((sum, x) => sum + x, 0)).toBeCloseTo(62, 3);
  });

  test("of no rows, or of empty ones, is none", () => {
    for (const shape of [
      [0, 500],
      [500, 0],
    ]) {
      const [found] = on(wasm(), exact["normalised"]!, () => numbers(shape, "float32", 1, false));
      expect(found!.shape).toEqual(shape);
      expect(found!.dataSync().length).toBe(0);
    }
  });

  test("inside a loop and a call keeps to its own iteration", () => {
    const step: F = (x) => ops.stack([0, 1, 2].map(() => compile(normalised)(x)));
    const again: F = (x) => fori(3, (_, y: Tensor) => normalised(y.add(x)), x);
    for (const f of [step, again]) {
      const make = (): Tensor => numbers([90, 257], "float32", 3, false);
      expect(on(wasm(), f, make).map(bits)).toEqual(on(js(), f, make, true).map(bits));
    }
  });

  test("does not depend on the number of threads", () => {
    const make = (): Tensor => numbers([1031, 700], "float32", 11, true);
    for (const f of [exact["normalised"]!, smooth["softmax"]!])
      expect(on(threaded(3), f, make).map(bits)).toEqual(on(wasm(), f, make).map(bits));
  });
});

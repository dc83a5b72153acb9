import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, ops, type Tensor, tensor, wasm, withTarget, zeros } from "../../index";

const n = 4096;
const counting = (from: number): Tensor => tensor(Float32Array.from({ length: n }, (_, i) => from + i));

describe("large inputs stay where a program had them, and are right", () => {
  test("whichever programs run in between, with whichever of the inputs", () => {
    withTarget(wasm(), () => {
      const programs = [
        compile((x: Tensor, y: Tensor) => x.mul(2).sub(y)),
        compile((x: Tensor, y: Tensor) => ops.sum(x.mul(y))),
        compile((x: Tensor, y: Tensor) => ops.flip(ops.concat([x, y]), 0)),
        (x: Tensor, y: Tensor): Tensor => ops.add(x, y),
      ];
      const values = [0, 1, 2].map((k) => counting(k * 1000));
      const step = fc.tuple(fc.nat(programs.length - 1), fc.nat(2), fc.nat(2));
      fc.assert(
        fc.property(fc.array(step, { minLength: 2, maxLength: 12 }), (steps) => {
          for (const [p, i, j] of steps) {
            const found = programs[p]!(values[i]!, values[j]!).dataSync();
            const [a, b] = [values[i]!, values[j]!].map((x) => Array.from(x.dataSync())) as [number[], number[]];
            const at = 17;
            if (p === 0) expect(found[at]).toBe(2 * a[at]! - b[at]!);
            else if (p === 2) expect(found[at]).toBe(b[n - 1 - at]);
            else if (p === 3) expect(found[at]).toBe(a[at]! + b[at]!);
            else expect(found[0]! / a.reduce((sum, x, k) => sum + x * b[k]!, 0)).toBeCloseTo(1, 5);
          }
        }),
        { numRuns: 60 },
      );
    });
  });

  test("when a result comes back as an argument, again and again", () => {
    withTarget(wasm(), () => {
      const step = compile((x: Tensor, rate: Tensor) => x.add(rate));
      const rate = tensor(new Float32Array(n).fill(1));
      let x = zeros([n]);
      for (let i = 0; i < 20; i++) x = step(x, rate);
      expect(Array.from(x.dataSync())).toEqual(new Array(n).fill(20));
    });
  });

  test("when a program of more memory has run", () => {
    withTarget(wasm(), () => {
      const double = compile((x: Tensor) => x.mul(2));
      const x = counting(0);
      const expected = double(x).dataSync();
      const grown = compile((m: Tensor) => ops.matmul(m, m))(zeros([1500, 1500]));
      expect(grown.shape).toEqual([1500, 1500]);
      expect(double(x).dataSync()).toEqual(expected);
    });
  });

  test("when numbers that were read are changed", () => {
    withTarget(wasm(), () => {
      const negative = compile((x: Tensor) => x.neg());
      const source = Float32Array.from({ length: n }, (_, i) => i);
      const x = tensor(source);
      expect(negative(x).dataSync()[5]).toBe(-5);
      source.fill(9);
      x.dataSync().fill(9);
      expect(negative(x).dataSync()[5]).toBe(-5);
    });
  });
});

import { expect, test } from "vitest";
import { matmul, tensor, wasm, withTarget } from "../../index";

test("a target for each choice of options, and one only", () => {
  expect(wasm()).toBe(wasm({ deterministic: false }));
  expect(wasm({ deterministic: true })).toBe(wasm({ deterministic: true }));
  expect(wasm({ deterministic: true })).not.toBe(wasm());
  expect(wasm({ deterministic: true }).name).toBe("wasm");
});

test("options that do not exist, or are no options, are named", () => {
  expect(() => wasm({ determinstic: true } as object)).toThrow(
    "wasm: unknown option determinstic; did you mean deterministic? known are deterministic, threads",
  );
  expect(() => wasm({ deterministic: 1 } as object)).toThrow("wasm: deterministic is 1; give true or false");
});

test("deterministic products round each product and each sum", () => {
  const product = withTarget(wasm({ deterministic: true }), () => {
    // 1 + 2^-12 squared is 1 + 2^-11 + 2^-24, whose last term float32 drops unless the product is fused with the sum.
    const x = 1 + 2 ** -12;
    return matmul(
      tensor([[-(1 + 2 ** -11), x]]),
      tensor([
        [1, 1],
        [x, x],
      ]),
    ).arraySync();
  });
  expect(product).toEqual([[0, 0]]);
});

test("products of targets with other options are near each other", () => {
  const values = Array.from({ length: 12 }, (_, i) => Array.from({ length: 12 }, (_, j) => Math.sin(i * 12 + j)));
  const square = (deterministic: boolean): number[] =>
    withTarget(wasm({ deterministic }), () => matmul(tensor(values), tensor(values)).arraySync() as number[][]).flat();
  const exact = square(true);
  square(false).forEach((x, i) => expect(x).toBeCloseTo(exact[i]!, 5));
});

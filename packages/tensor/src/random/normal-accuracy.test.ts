import { expect, test } from "vitest";
import { mul, one, sqrt } from "../lower/math/testing/bigmath";
import { references, ulps } from "../lower/math/testing/references";
import { key, normal, uniform } from "./index";

const rootOfTwo = sqrt(2n * one);

test.each([
  ["float32", 2 ** -24],
  ["float64", 2 ** -53],
] as const)("a %s normal sample is √2 erf⁻¹ of its uniform within 4 ulp", (dtype, gap) => {
  const shape = [300];
  const samples = normal(key(3), shape, { dtype }).dataSync();
  // The uniform that normal draws: from the float above −1 on.
  const uniforms = uniform(key(3), shape, { dtype, min: -1 + gap, max: 1 }).dataSync();
  const errors = [...samples].map((x, i) => {
    const { value, exponent } = references.erfinv(uniforms[i]!, 0);
    return ulps(x, { value: mul(value, rootOfTwo), exponent }, dtype);
  });
  expect(Math.max(...errors)).toBeLessThanOrEqual(4);
});

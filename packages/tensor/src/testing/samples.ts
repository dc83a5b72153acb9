import { allocate, type DType, isFloat } from "../dtype";
import type { Domain } from "../primitive";
import { type Shape, sizeOf } from "../shape";
import type { Target } from "../targets/target";
import { Tensor } from "../tensor";

/** Uniform numbers in [0, 1) from a seed: mulberry32. */
export function uniforms(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How near to a kink samples come. */
const clearance = 0.05;

/** A tensor drawn from a domain; integers are whole numbers of it, bools either. Floats keep away from kinks. */
export function sample(domain: Domain, dtype: DType, shape: Shape, seed: number, target: Target): Tensor {
  const random = uniforms(seed);
  const { low, high, kinks = [] } = domain;
  const float = (): number => {
    for (;;) {
      const x = low + (high - low) * random();
      if (!kinks.some((kink) => Math.abs(x - kink) < clearance)) return x;
    }
  };
  const least = dtype === "uint32" ? Math.max(0, low) : low;
  const draw = isFloat(dtype)
    ? float
    : dtype === "bool"
      ? (): number => Number(random() < 0.5)
      : (): number => Math.floor(Math.ceil(least) + (Math.floor(high) - Math.ceil(least) + 1) * random());
  return fromNumbers(Array.from({ length: sizeOf(shape) }, draw), dtype, shape, target);
}

/** A tensor of given numbers, in row-major order. */
export function fromNumbers(values: readonly number[], dtype: DType, shape: Shape, target: Target): Tensor {
  const array = allocate(dtype, values.length);
  array.set(values);
  return Tensor.concrete(target.upload(array, dtype, shape), { dtype, shape }, target);
}

/** Where functions break: zeros of both signs, large and small numbers, what is not a number. */
export const extremes: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e3,
  -1e3,
  1e-30,
  -1e-30,
  100,
  -100,
  NaN,
  Infinity,
  -Infinity,
];

/** Those of them that may be arguments of a primitive. */
export const extremesIn = (domain: Domain | readonly Domain[]): readonly number[] =>
  "low" in domain ? extremes.filter((x) => !(x > (domain.most ?? Infinity))) : extremes;

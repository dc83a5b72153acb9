import type { DType, Tensor, Tree } from "@dzdt/tensor";

/** The type that parameters start with. */
export interface InitOptions {
  /** @defaultValue "float32" */
  readonly dtype?: DType;
}

/** A layer: two pure functions. What it learns is in `params`, a tree that the caller keeps. */
export interface Layer<Params extends Tree> {
  /** New parameters, a pure function of the key. */
  readonly init: (key: Tensor, options?: InitOptions) => Params;
  /** @param x `[…, in]`; @returns `[…, out]`; of images the channels are axis 1 */
  readonly apply: (params: Params, x: Tensor) => Tensor;
}

/** @throws Error unless `value` is a positive integer */
export function checkSize(where: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${where}: ${name} is ${String(value)}; give a positive integer`);
}

import { type Mapped, type Tensor, tensor, tree, type Tree, zerosLike } from "@dzdt/tensor";

/** A learning rate over time: a function of the number of updates done so far, a float scalar of the parameters' dtype. */
export type Schedule = (step: Tensor) => Tensor | number;

/** What an optimiser remembers between updates: a tree of tensors, among them the number of updates done (int32). */
export type OptimizerState = { readonly step: Tensor } & { readonly [name: string]: Tree };

/** A rule that turns gradients into better parameters: two pure functions, so that a whole training step compiles to one program. */
export interface Optimizer {
  /** The state before the first update. */
  init(params: Tree): OptimizerState;
  /** @returns new parameters (not differences) and the new state */
  update<P extends Tree>(grads: P, state: OptimizerState, params: P): [params: P, state: OptimizerState];
}

/** What every update rule takes. */
export interface RateOptions {
  /** A number, or a schedule. */
  readonly rate: number | Schedule;
}

/** The state's count before the first update. */
export const noSteps = (): Tensor => tensor(0, { dtype: "int32" });

/** A tree of zeros like the parameters. */
export const zerosOf = (params: Tree): Mapped<Tree, Tensor> => tree.map((x) => zerosLike(x), params);

/** Learning rate of this update, in the parameter's dtype. */
export function rateAt(rate: number | Schedule, step: Tensor, like: Tensor): Tensor | number {
  return typeof rate === "number" ? rate : rate(step.cast(like.dtype));
}

/** 1 − βᵗ in the parameter's dtype, without the cancellation that subtracting would have in float32. */
export const biasCorrection = (beta: number, t: Tensor, like: Tensor): Tensor =>
  t.cast(like.dtype).mul(Math.log(beta)).expm1().neg();

/**
 * Runs an update leaf by leaf. `slots` are trees like params in the state; `rule` returns the new parameter and the new slots of one leaf.
 */
export function eachLeaf<P extends Tree>(
  params: P,
  grads: P,
  slots: readonly Tree[],
  rule: (parameter: Tensor, gradient: Tensor, ...slots: readonly Tensor[]) => readonly Tensor[],
): [params: P, ...slots: Tree[]] {
  const results = tree.flatten(tree.map((p, g, ...s) => ({ results: rule(p, g, ...s) }), params, grads, ...slots));
  const { structure } = tree.flatten(params);
  const width = slots.length + 1;
  return Array.from({ length: width }, (_, k) =>
    tree.unflatten<Tree>(
      structure,
      results.leaves.filter((_leaf, i) => i % width === k),
    ),
  ) as unknown as [P, ...Tree[]];
}

/** @throws Error unless the option is a finite number in [low, high) */
export function checkOption(where: string, name: string, value: number, low: number, high: number = Infinity): void {
  if (typeof value !== "number" || !(value >= low && value < high))
    throw new Error(`${where}: ${name} is ${String(value)}; give a number in [${low}, ${high})`);
}

export function checkRate(where: string, rate: number | Schedule): void {
  if (typeof rate !== "function") checkOption(where, "rate", rate, 0);
}

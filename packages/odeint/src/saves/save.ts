import { Tensor, type Tensors, type Tree } from "@dzdt/tensor";
import { checkOptions } from "../options";
import type { Times } from "../saveAt";
import { type SaveMachinery, saveMachinery } from "./machinery";

/** Options of {@link saveAt}: one of `every` and `ts`, and what they allow. */
export interface SaveOptions<Y = never, A = never, R = Tree> {
  /** After every so many accepted steps: 1 for each of them. The state at t0 is none; nor is the last one, unless its step is such a one. */
  readonly every?: number;
  /** At these times, in the direction of the solve, by the dense output. */
  readonly ts?: Times;
  /** (t, y, args) → what is saved, a tree of numbers and tensors. Traced once, of one trajectory. @defaultValue the state */
  of?(this: void, t: Tensor, y: Y, args: A): R;
  /** The most rows that `every` saves; one more fails with `maxSavesReached`. @defaultValue 1024 */
  readonly capacity?: number;
}

/**
 * Something that a solve saves beside its states at `ts`, either after steps or at times: made by `saveAt`.
 * @typeParam R what `of` makes, undefined where there is none
 */
export interface Save<Y = never, A = never, R = Tree | undefined> {
  readonly kind: "save";
  /** After how many accepted steps; none of one at times. */
  readonly every: number | undefined;
  readonly ts: Times | undefined;
  of?(this: void, t: Tensor, y: Y, args: A): R & Tree;
  /** The most rows that `every` saves. */
  readonly capacity: number;
  /** How solves do it. Internal. */
  readonly machinery: SaveMachinery;
}

/** Saves by the names under which `solution.saves` has them. */
export type Saves<Y = never, A = never> = Readonly<Record<string, Save<Y, A>>>;

/** What was saved. Where a single solve is not within a compiled or transformed function, rows beyond `count` are left out. */
export interface SaveRecord<Y> {
  /** The times, float64 `[rows]`, NaN beyond `count`; `[rows, batch]` for independent trajectories. */
  readonly t: Tensor;
  /** What `of` made of the states then: leaves `[rows, …leaf]`, `[rows, batch, …leaf]`; beyond `count` NaN, 0 or false. */
  readonly y: Y;
  /** How many rows there are, int32 `[]` or `[batch]`. */
  readonly count: Tensor;
}

/** What a solve with saves has to show of each. */
export type Saved<Y, S> = {
  readonly [K in keyof S]: SaveRecord<S[K] extends Save<never, never, infer R> ? Shown<Y, R> : Tree>;
};

/** What `of` makes: the state where there is none, and any tree where that is unknown. */
type Shown<Y, R> = [R] extends [undefined] ? Y : undefined extends R ? Tree : Tensors<R>;

const names: readonly (keyof SaveOptions)[] = ["every", "ts", "of", "capacity"];

/**
 * Something that a solve saves beside its states at `ts`: the state, or what a function makes of it, after every n-th step (`every`) or at times of its
 * own (`ts`). Given as `saves: { name: saveAt({ … }) }`, it is `solution.saves.name`; see `docs/outputs.md` for the rules.
 * @example odeint(field, y0, [0, 10], { saves: { steps: saveAt({ every: 1 }) } }).saves.steps.t // the ends of all steps
 * @example saveAt({ ts: [0.1, 0.2], of: (t, y: Tensor) => y.square().sum() })
 * @throws TypeError, RangeError for options that are none
 */
export function saveAt<Y = Tensor, A = unknown, R extends Tree = Tree>(
  options: SaveOptions<Y, A, R> & { of(this: void, t: Tensor, y: Y, args: A): R },
): Save<Y, A, R>;
export function saveAt(options: SaveOptions & { readonly of?: never }): Save<unknown, unknown, undefined>;
export function saveAt(options: SaveOptions): Save {
  checkOptions("saveAt", options, names);
  const { every, ts, of, capacity = 1024 } = options;
  if (of !== undefined && typeof of !== "function")
    throw new TypeError(`saveAt: of is ${String(of)}; give a function (t, y, args) => what is saved`);
  if ((every === undefined) === (ts === undefined))
    throw new TypeError(
      `saveAt: there is ${ts ? "both every and ts" : "neither every nor ts"}; give one of them, and make two saves of both`,
    );
  if (ts !== undefined && !Array.isArray(ts) && !ArrayBuffer.isView(ts) && !(ts instanceof Tensor))
    throw new TypeError(`saveAt: ts is ${String(ts)}; give an array or a tensor of times`);
  if (ts !== undefined && options.capacity !== undefined)
    throw new TypeError("saveAt: capacity is for every, and ts has as many rows as times; leave it out");
  for (const [name, value] of Object.entries({ every: every ?? 1, capacity }))
    if (!(Number.isInteger(value) && value > 0))
      throw new RangeError(`saveAt: ${name} is ${String(value)}; give a positive integer`);
  return Object.freeze<Save>({ kind: "save", every, ts, ...(of && { of }), capacity, machinery: saveMachinery });
}

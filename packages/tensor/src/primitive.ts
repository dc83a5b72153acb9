import type { DType } from "./dtype";
import type { Emitter, Index, Memory, Operand, Value } from "./lower/emitter";
import type { RuleOps } from "./rules";
import type { Shape } from "./shape";
import type { Node, Tape } from "./tape";
import type { Tensor } from "./tensor";

/** What is known of a value before it has numbers. */
export interface Aval {
  readonly dtype: DType;
  readonly shape: Shape;
  /** A number of the host language: takes the dtype of what it meets. */
  readonly weak?: boolean;
  /** The first axis is a bound; a loop decides at run time how many rows there are. Only loops read such values. */
  readonly dynamic?: boolean;
}

/** What of a node is fixed when it is recorded. Part of every cache key, so values are exact: no functions but those a rule calls. */
export type Attribute =
  | number
  | string
  | boolean
  | undefined
  | Tape
  | readonly Attribute[]
  | { readonly [name: string]: Attribute }
  | ((...args: never[]) => unknown);
export type Attributes = { readonly [name: string]: Attribute };

/** Where test inputs of a primitive are drawn from, one per input. Bounds are for floats; integers use them rounded. */
export interface Domain {
  readonly low: number;
  readonly high: number;
  /** Points where the primitive is not differentiable; tests of derivatives keep away from them. */
  readonly kinks?: readonly number[];
  /** No argument is greater: what uses the primitive sees to that. */
  readonly most?: number;
}
export const real: Domain = { low: -3, high: 3 };
export const positive: Domain = { low: 0.1, high: 4 };
export const nowherePositive: Domain = { low: -3, high: 0, kinks: [0], most: 0 };

/**
 * How a node takes part in fusion.
 * - `map`: element i of the result depends on element i of each input only.
 * - `view`: each element of the result is one element of an input, or a constant; cheap to recompute.
 * - `reduce`: reads each input element once in all.
 * - `make`: each element of the result is made from its position and from a few elements of inputs that are the same for all; inputs are
 *   computed first.
 * - `expand`: reads input elements many times, so producers are computed first.
 */
export type Fusion = "map" | "view" | "reduce" | "make" | "expand";

/**
 * An operation with all its rules side by side. Rules that build tensors are written in ops, received as `o` (never imported), so
 * gradients of gradients are free. Every input's dtype and shape has been settled before: functions broadcast and promote, primitives do not.
 */
export interface Primitive<A extends Attributes = Attributes> {
  readonly name: string;
  /** One domain for all inputs, or one for each. */
  readonly domain: Domain | readonly Domain[];
  /** The results' types. @throws ShapeError, DTypeError */
  shape(ins: readonly Aval[], attributes: A): readonly Aval[];
  /**
   * Cotangents of the inputs from those of the outputs. An absent cotangent is zero, in and out. `wanted[j]` says whether input j's is of use.
   */
  vjp(
    o: RuleOps,
    cotangents: readonly (Tensor | undefined)[],
    ins: readonly Tensor[],
    outs: readonly Tensor[],
    attributes: A,
    wanted: readonly boolean[],
  ): readonly (Tensor | undefined)[];
  /** Tangents of the outputs from those of the inputs; absent is zero. */
  jvp(
    o: RuleOps,
    tangents: readonly (Tensor | undefined)[],
    ins: readonly Tensor[],
    outs: readonly Tensor[],
    attributes: A,
  ): readonly (Tensor | undefined)[];
  /**
   * The same operation where inputs marked in `batched` carry an extra axis 0 of length `size`. Results have it too; but those that no batched
   * input reaches may come without it. (Of dynamic values it is axis 1: rows come first.)
   */
  batch(
    o: RuleOps,
    ins: readonly Tensor[],
    batched: readonly boolean[],
    attributes: A,
    size: number,
  ): readonly Tensor[];

  /** How lowering computes it: exactly one of `element` (the element of the single result at `index`), `kernel`, `alias`, `control`. */
  element?(k: Emitter, args: readonly Operand[], index: Index, attributes: A): Value;
  /** Does `element` fold what lies side by side in the first input, so that vectors may share the work of one element? */
  folds?(ins: readonly Aval[], attributes: A): boolean;
  /** How many leading axes every input shares with the result: an element at [i, j, …] of the result needs of them only what is at [i, j, …]. */
  leading?(ins: readonly Aval[], attributes: A): number;
  readonly kernel?: KernelRule<A>;
  /** Of a view that only changes the order of axes: the axis of the input that each axis of the result goes along. */
  order?(attributes: A): readonly number[];
  /** Of a view: is it somewhere along an axis that its elements come to be made of another input, or of none? Its code compares positions then. */
  readonly seams?: boolean;
  /** Of a view: does it repeat its input along axes, as its attributes `shape` and `axes` say? */
  readonly repeats?: boolean;
  /** Of a map: does an element of the result depend on where it is, too? */
  readonly positional?: boolean;
  /** The result has the input's memory: same elements in the same order. */
  readonly alias?: boolean;
  /** The sum of two inputs: a product that is one of them may take up the other where it is written. */
  readonly adds?: boolean;
  /** Lowering and the interpreter know it by this: a node that holds tapes. */
  readonly control?: "loop" | "cond" | "call";
  readonly fusion: Fusion;
  /** The derivative is zero wherever it exists (comparisons, rounding, stopGradient): transforms need not look further. */
  readonly constant?: boolean;

  /**
   * Replaces the plain recording of the node in a forward pass that a vjp will follow; what it returns as `saved` arrives in `vjp` after
   * `outs`. (A loop saves its carries, a call its residuals.)
   */
  forward?(
    o: RuleOps,
    ins: readonly Tensor[],
    attributes: A,
    wanted: readonly boolean[],
  ): { readonly outs: readonly Tensor[]; readonly saved: readonly Tensor[]; readonly note?: unknown };
  /** Results and tangents together, where a second computation of the results would be waste; used in place of recording and `jvp`. */
  pushforward?(
    o: RuleOps,
    ins: readonly Tensor[],
    tangents: readonly (Tensor | undefined)[],
    attributes: A,
  ): { readonly outs: readonly Tensor[]; readonly tangents: readonly (Tensor | undefined)[] };
  /** Attributes of the same operation with the input of `view` in place of operand j, which `view` made of it; undefined where there are none. */
  absorb?(attributes: A, operand: number, view: Node): A | undefined;
  /** A dense matrix product in disguise: how lowering may compute it with the target's tuned kernel. */
  product?(ins: readonly Aval[], attributes: A): Product;
  /** Used in place of `vjp` for nodes recorded by `forward`. */
  backward?(
    o: RuleOps,
    cotangents: readonly (Tensor | undefined)[],
    ins: readonly Tensor[],
    outs: readonly Tensor[],
    attributes: A,
    wanted: readonly boolean[],
    saved: { readonly saved: readonly Tensor[]; readonly note?: unknown },
  ): readonly (Tensor | undefined)[];
}

/** Computes whole results, element order and scratch its own business. `scratch` memories have the types that `scratch` asked for. */
export interface KernelRule<A> {
  /** Types of the working memory that `run` needs beyond inputs and outputs. */
  scratch?(ins: readonly Aval[], attributes: A): readonly Aval[];
  run(k: Emitter, ins: readonly Memory[], outs: readonly Memory[], scratch: readonly Memory[], attributes: A): void;
  /** What `run` computes, where a target may have many invocations work on one line. */
  known?(attributes: A): KnownKernel;
}

/**
 * Kernels that targets may compute in ways of their own.
 * - `sort`: the positions along an axis that put the input in order, equals as they stood. `before`: does a come before b, wherever they stood?
 * - `scan`: yᵢ = next(yᵢ₋₁, elements i of the inputs) along an axis, where yᵢ₋₁ is absent for the first. It is a yᵢ₋₁ plus something, where a is the
 *   element of the first input if the scan is `scaled`, else 1.
 * - `scatter`: of inputs x, indices and updates, x plus the updates, in their order. `row`: the position along the axis that an index stands for.
 */
export type KnownKernel =
  | {
      readonly kind: "sort";
      readonly axis: number;
      readonly before: (k: Emitter, a: Value, b: Value) => Value;
    }
  | {
      readonly kind: "scan";
      readonly axis: number;
      readonly reverse: boolean;
      readonly scaled: boolean;
      readonly next: (k: Emitter, before: Value | undefined, elements: readonly Value[]) => Value;
    }
  | {
      readonly kind: "scatter";
      readonly axis: number;
      readonly batch: number;
      readonly row: (k: Emitter, index: Value, length: number) => Value;
    };

/**
 * A batched matrix product c[b, i, j] = Σ_k a[b, i, k] · b[b, k, j] over operands in memory. Each list of axes names the operand's axes, outermost
 * first, that make up one index; axes that are adjacent in memory merge.
 */
export interface Product {
  readonly batch: readonly (readonly [a: number, b: number])[];
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly contracted: readonly (readonly [a: number, b: number])[];
}

/** Freezes a primitive; the one place where they are made. */
// A declaration, as bundlers heed the annotation of a variable only where it is still `const`.
/* @__NO_SIDE_EFFECTS__ */
export function primitive<A extends Attributes>(rules: Primitive<A>): Primitive<A> {
  return Object.freeze(rules);
}

import { checkFunction, checkOptions } from "./arguments";
import { isFloat } from "./dtype";
import { ShapeError, TraceError } from "./errors";
import { numberLike } from "./literals";
import type { Checkpoints, LoopAttributes } from "./lower/control";
import { convert, repeat } from "./functions/operands";
import { branch } from "./primitives/cond";
import { loop } from "./primitives/loop";
import { counterType, rowType, typeOf } from "./primitives/retrace";
import { bind } from "./run";
import { printShape, sameShape } from "./shape";
import { defaultTarget } from "./targets/default";
import type { Target } from "./targets/target";
import { Tensor } from "./tensor";
import { trace } from "./trace";
import { checkStructure, flatten, type Mapped, type Structure, type Tree, unflatten } from "./tree";

/** The tensors of a tree, numbers having become tensors. */
export type Tensors<T> = Mapped<T, Tensor>;

/** The leaves of a tree as tensors, traced or not: numbers are float32, booleans `bool`, on `target`. */
const tensorsOf = (tree: Tree, target: Target): { list: Tensor[]; structure: Structure } => {
  const { leaves, structure } = flatten(tree);
  return { list: leaves.map((x) => (x instanceof Tensor ? strong(x) : scalarOn(x, target))), structure };
};

const strong = (x: Tensor): Tensor => (x.weak ? convert(x, "float32") : x);

const scalarOn = (x: number | boolean, target: Target): Tensor =>
  Tensor.scalar(Number(x), typeof x === "boolean" ? "bool" : "float32", target);

/** Where numbers beside these trees go: to the target of the first tensor among them, if there is one. */
const targetOf = (...trees: readonly Tree[]): Target =>
  trees.flatMap((tree) => flatten(tree).leaves).find((x) => x instanceof Tensor)?.target ?? defaultTarget();

/** What a body returned as carry, checked against what it was given. Weak numbers and broadcastable constants are brought to its types. */
function nextCarry(where: string, result: Tree, structure: Structure, carry: readonly Tensor[]): Tensor[] {
  const next = flatten(result);
  checkStructure(where, structure, next.structure);
  return next.leaves.map((leaf, j) => {
    const is = carry[j]!;
    const x = leaf instanceof Tensor ? leaf : numberLike(leaf, is);
    if (x.shape.length > is.shape.length || !sameShape(broadcastable(x, is), is.shape))
      throw new ShapeError(
        `${where}: the body turned a carry of shape ${printShape(is.shape)} into ${printShape(x.shape)}; a carry keeps its shape`,
      );
    if (x.dtype !== is.dtype && !(x.weak && isFloat(is.dtype)))
      throw new ShapeError(
        `${where}: the body turned a ${is.dtype} carry into ${x.dtype}; a carry keeps its dtype: cast the result, or start with that dtype`,
      );
    return repeat(convert(x, is.dtype), is.shape);
  });
}

const broadcastable = (x: Tensor, like: Tensor): readonly number[] => (x.ndim === 0 ? like.shape : x.shape);

/** Steps are counted in int32. */
const mostSteps = 2 ** 31 - 1;

/** An option of loops. */
export interface LoopOptions {
  /** What reverse mode keeps of the carries: memory for time. @defaultValue "all" */
  readonly checkpoints?: Checkpoints;
}

/** @throws RangeError when it is none */
export function checkCheckpoints(where: string, checkpoints: unknown): Checkpoints {
  if (checkpoints === "all" || checkpoints === "sqrt" || checkpoints === "log") return checkpoints;
  if (Number.isInteger(checkpoints) && (checkpoints as number) > 0) return checkpoints as number;
  throw new RangeError(
    `${where}: checkpoints is ${typeof checkpoints === "string" ? JSON.stringify(checkpoints) : String(checkpoints)}; ` +
      `give "all", "sqrt", "log", or a positive integer to keep every so many-th carry`,
  );
}

/** Runs the loop primitive on traced parts. */
function bindLoop(
  attributes: Partial<LoopAttributes> & Pick<LoopAttributes, "body" | "carries" | "length">,
  inputs: readonly Tensor[],
): Tensor[] {
  return bind(loop, inputs, {
    condition: undefined,
    xs: 0,
    counted: false,
    reverse: false,
    ys: [],
    rows: 0,
    lanes: 0,
    ...attributes,
  });
}

/**
 * Threads a carry through rows: for each row x of `xs`, `[carry, y] = step(carry, x)`; the ys are stacked. One node of the tape, whatever the
 * number of rows.
 * @param init a tree; its shapes and dtypes stay
 * @param xs a tree of tensors with one first-axis length, or undefined together with `options.length`
 * @param options.checkpoints with other than `"all"`, reverse mode takes rows from the stack of xs one by one, and computes all ys apart
 * @returns the last carry and the stacked ys, `[length, …]`
 * @throws ShapeError when lengths differ or the carry changes type
 * @example scan((total, x) => [total.add(x), total], tensor(0), tensor([1, 2, 3]))
 */
export function scan<C extends Tree, X extends Tree | undefined, Y extends Tree>(
  step: (carry: Tensors<C>, x: X extends undefined ? undefined : Tensors<NonNullable<X>>) => readonly [Tree, Y],
  init: C,
  xs?: X,
  options: LoopOptions & { readonly length?: number; readonly reverse?: boolean } = {},
): [Tensors<C>, Tensors<Y>] {
  checkFunction("scan", step);
  checkOptions("scan", options, ["length", "reverse", "checkpoints"]);
  const checkpoints = checkCheckpoints("scan", options.checkpoints ?? "all");
  const target = targetOf(init, xs ?? []);
  const carry = tensorsOf(init, target);
  const rows = xs === undefined ? { list: [], structure: null } : tensorsOf(xs, target);
  const length = lengthOf(rows.list, options.length);
  let ys: Structure = null;
  let count = 0;
  const { tape, captured } = trace(
    "scan",
    (_i, ...ins) => {
      const c = unflatten(carry.structure, ins.slice(0, carry.list.length));
      const x = xs === undefined ? undefined : unflatten(rows.structure, ins.slice(carry.list.length));
      const result = (step as (carry: unknown, x: unknown) => unknown)(c, x);
      if (!Array.isArray(result) || result.length !== 2)
        throw new ShapeError("scan: step returned no pair; return [carry, y], as in [carry.add(x), carry]");
      const [next, y] = result as unknown[];
      const out = tensorsOf(y as Tree, target);
      ys = out.structure;
      count = out.list.length;
      return [...nextCarry("scan", next as Tree, carry.structure, carry.list), ...out.list];
    },
    [counterType, ...carry.list.map(typeOf), ...rows.list.map(rowType)],
    { target },
  );
  const results = bindLoop(
    {
      body: tape,
      carries: carry.list.length,
      xs: rows.list.length,
      length,
      reverse: options.reverse ?? false,
      ys: new Array<"each">(count).fill("each"),
      checkpoints,
    },
    [...carry.list, ...rows.list, ...captured],
  );
  return unflatten<[Tensors<C>, Tensors<Y>]>([carry.structure, ys], results);
}

function lengthOf(rows: readonly Tensor[], given: number | undefined): number {
  const lengths = rows.map((x) => {
    if (x.ndim === 0)
      throw new ShapeError("scan: xs holds a scalar; every leaf of xs needs a first axis to step along");
    return x.shape[0]!;
  });
  const length = given ?? lengths[0];
  if (length === undefined) throw new ShapeError("scan: neither xs nor length was given; give one of them");
  if (!Number.isInteger(length) || length < 0)
    throw new ShapeError(`scan: length is ${length}; give a non-negative integer`);
  if (lengths.some((n) => n !== length))
    throw new ShapeError(
      `scan: first axes of xs have lengths ${lengths.join(", ")}${given === undefined ? "" : `, length is ${given}`}; make them equal`,
    );
  return length;
}

/**
 * Repeats `body` while `condition` holds, at most `maxSteps` times. Differentiable in both modes; reverse mode saves the carry of each step taken,
 * or as many as `checkpoints` says.
 * @throws ShapeError when the carry changes type
 */
export function whileLoop<C extends Tree>(
  condition: (carry: Tensors<C>) => Tensor | boolean,
  body: (carry: Tensors<C>) => Tree,
  init: C,
  options: LoopOptions & { readonly maxSteps: number },
): Tensors<C> {
  checkFunction("whileLoop", condition);
  checkFunction("whileLoop", body);
  const maxSteps = options?.maxSteps;
  if (!Number.isInteger(maxSteps) || maxSteps < 0)
    throw new ShapeError(
      `whileLoop: maxSteps is ${String(maxSteps)}; give the most steps there may be, as in { maxSteps: 1000 }`,
    );
  checkOptions("whileLoop", options, ["maxSteps", "checkpoints"]);
  const checkpoints = checkCheckpoints("whileLoop", options.checkpoints ?? "all");
  const target = targetOf(init);
  const carry = tensorsOf(init, target);
  const types = carry.list.map(typeOf);
  const rebuild = (ins: readonly Tensor[]): Tensors<C> => unflatten<Tensors<C>>(carry.structure, ins);
  const asked = trace("whileLoop", (...ins) => [predicateOf("whileLoop", condition(rebuild(ins)), target)], types, {
    target,
  });
  const stepped = trace(
    "whileLoop",
    (_i, ...ins) => nextCarry("whileLoop", body(rebuild(ins)), carry.structure, carry.list),
    [counterType, ...types],
    { target },
  );
  const results = bindLoop(
    {
      body: stepped.tape,
      condition: asked.tape,
      carries: carry.list.length,
      length: Math.min(maxSteps, mostSteps),
      checkpoints,
    },
    [...carry.list, ...stepped.captured, ...asked.captured],
  );
  return rebuild(results.slice(0, carry.list.length));
}

/** Repeats `body(i, carry)` for i = 0 … n − 1 (i an int32 scalar). */
export function fori<C extends Tree>(
  n: number,
  body: (i: Tensor, carry: Tensors<C>) => Tree,
  init: C,
  options: LoopOptions = {},
): Tensors<C> {
  checkFunction("fori", body);
  checkOptions("fori", options, ["checkpoints"]);
  const checkpoints = checkCheckpoints("fori", options.checkpoints ?? "all");
  if (!Number.isInteger(n) || n < 0) throw new ShapeError(`fori: n is ${n}; give a non-negative integer`);
  if (n > mostSteps) throw new ShapeError(`fori: n is ${n}; give ${mostSteps} at most, or put one loop into another`);
  const target = targetOf(init);
  const carry = tensorsOf(init, target);
  const rebuild = (ins: readonly Tensor[]): Tensors<C> => unflatten<Tensors<C>>(carry.structure, ins);
  const { tape, captured } = trace(
    "fori",
    (i, ...ins) => nextCarry("fori", body(i, rebuild(ins)), carry.structure, carry.list),
    [counterType, ...carry.list.map(typeOf)],
    { target },
  );
  return rebuild(
    bindLoop({ body: tape, carries: carry.list.length, length: n, checkpoints }, [...carry.list, ...captured]),
  );
}

/**
 * The results of one of two functions of the operands, chosen by a bool scalar. Only the chosen one is computed (both are, under a `vmap` of the predicate).
 * @throws ShapeError when the branches give different shapes or dtypes
 */
export function cond<A extends Tree[], R extends Tree>(
  predicate: Tensor | boolean,
  onTrue: (...operands: A) => R,
  onFalse: (...operands: A) => R,
  ...operands: A
): Tensors<R> {
  checkFunction("cond", onTrue);
  checkFunction("cond", onFalse);
  const target = targetOf(predicate, ...operands);
  const given = operands.map((x) => tensorsOf(x, target));
  const list = given.flatMap((x) => x.list);
  const structures: Structure[] = [];
  const traced = [onTrue, onFalse].map((fn) =>
    trace(
      "cond",
      (...ins) => {
        let next = 0;
        const args = given.map((x) => unflatten(x.structure, ins.slice(next, (next += x.list.length))));
        const out = tensorsOf(fn(...(args as never)), target);
        structures.push(out.structure);
        return out.list;
      },
      list.map(typeOf),
      { target },
    ),
  );
  checkStructure("cond", structures[0]!, structures[1]!);
  const results = branch({ bind }, predicateOf("cond", predicate, target), list, traced);
  return unflatten(structures[0]!, results);
}

function predicateOf(where: string, predicate: Tensor | boolean, target: Target): Tensor {
  if (typeof predicate === "boolean") return scalarOn(predicate, target);
  if (!(predicate instanceof Tensor))
    throw new TraceError(`${where}: the predicate is ${String(predicate)}; give a bool scalar tensor, as in x.less(1)`);
  if (predicate.size !== 1 || predicate.dtype !== "bool")
    throw new ShapeError(
      `${where}: the predicate is ${predicate.dtype}${printShape(predicate.shape)}; give one bool, as in x.less(y).all()`,
    );
  return repeatToScalar(predicate);
}

const repeatToScalar = (x: Tensor): Tensor => (x.ndim === 0 ? x : x.reshape([]));

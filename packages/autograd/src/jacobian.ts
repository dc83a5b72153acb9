import { applyTape, isFloat, ops, type Tensor, UnsupportedError } from "@dzdt/tensor";
import { type Argnums, normalizeArgnums } from "./argnums";
import { printAval } from "./check";
import type { IfAny } from "./grad";
import { moveAxis } from "./move-axis";
import { rebuildAll, traceFunction, type TracedFunction } from "./traced-function";
import { linearize, transforms } from "./transforms";

/**
 * The type of a Jacobian: for one tensor to one tensor a tensor of shape `[...out, ...in]`; else the tree of the result, and in it, at each
 * leaf, the tree of the argument.
 */
export type Jacobian<Y, X> = IfAny<
  X & Y,
  X & Y,
  Y extends Tensor
    ? X extends Tensor | number
      ? Tensor
      : { [K in keyof X]: Jacobian<Y, X[K]> }
    : { [K in keyof Y]: Jacobian<Y[K], X> }
>;

type AnyFunction = (...args: never[]) => unknown;

/**
 * All first derivatives: `jacobian(f)(x)[i][j]` is ∂fᵢ/∂xⱼ, a tensor of shape `[...out, ...in]`. For trees, the tree of the result holds a
 * tree of the argument at each leaf. Uses {@link jacfwd} or {@link jacrev}, by which of argument and result has fewer elements.
 */
export function jacobian<A extends readonly [Tensor, ...Tensor[]], Y>(
  f: (...args: A) => Y,
  argnums?: 0,
): (...args: A) => Jacobian<Y, A[0]>;
export function jacobian<A extends readonly [unknown, ...unknown[]], Y>(
  f: (...args: A) => Y,
  argnums?: 0,
): (...args: A) => Jacobian<Y, A[0]>;
export function jacobian<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  argnums: Argnums,
): (...args: A) => unknown;
export function jacobian(f: AnyFunction, argnums: Argnums = 0): (...args: unknown[]) => unknown {
  return assemble("jacobian", f, argnums, (traced) =>
    elements(traced.result.leaves) < elements(traced.ins.slice(0, inputCount(traced)))
      ? rowsInReverse(traced)
      : columnsForward(traced),
  );
}

/** The Jacobian by forward mode: one derivative along each element of the argument, all at once. Good for few inputs. */
export function jacfwd<A extends readonly [Tensor, ...Tensor[]], Y>(
  f: (...args: A) => Y,
  argnums?: 0,
): (...args: A) => Jacobian<Y, A[0]>;
export function jacfwd<A extends readonly [unknown, ...unknown[]], Y>(
  f: (...args: A) => Y,
  argnums?: 0,
): (...args: A) => Jacobian<Y, A[0]>;
export function jacfwd<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  argnums: Argnums,
): (...args: A) => unknown;
export function jacfwd(f: AnyFunction, argnums: Argnums = 0): (...args: unknown[]) => unknown {
  return assemble("jacfwd", f, argnums, columnsForward);
}

/** The Jacobian by reverse mode: one pullback for each element of the result, all at once. Good for few outputs. */
export function jacrev<A extends readonly [Tensor, ...Tensor[]], Y>(
  f: (...args: A) => Y,
  argnums?: 0,
): (...args: A) => Jacobian<Y, A[0]>;
export function jacrev<A extends readonly [unknown, ...unknown[]], Y>(
  f: (...args: A) => Y,
  argnums?: 0,
): (...args: A) => Jacobian<Y, A[0]>;
export function jacrev<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  argnums: Argnums,
): (...args: A) => unknown;
export function jacrev(f: AnyFunction, argnums: Argnums = 0): (...args: unknown[]) => unknown {
  return assemble("jacrev", f, argnums, rowsInReverse);
}

/** `blocks[i][j]` is the derivative of result leaf i by argument leaf j. */
type Blocks = readonly (readonly Tensor[])[];

function assemble(
  where: string,
  f: AnyFunction,
  argnums: Argnums,
  blocksOf: (traced: TracedFunction) => Blocks,
): (...args: unknown[]) => unknown {
  return (...args) => {
    const traced = traceFunction(f, args, {
      where,
      floats: true,
      argnums: normalizeArgnums(where, argnums, args.length),
    });
    const wrong = traced.result.leaves.find((y) => !isFloat(y.dtype));
    if (wrong)
      throw new UnsupportedError(
        `${where}: the function returned ${printAval(wrong)}, which has no derivative; return floats only`,
      );
    const rows = blocksOf(traced).map((row) => {
      const trees = rebuildAll(traced.args, row);
      return typeof argnums === "number" ? trees[0] : trees;
    });
    return traced.result.rebuild(rows);
  };
}

function columnsForward({ tape, ins, wanted, result, ...traced }: TracedFunction): Blocks {
  const xs = ins.slice(0, inputCount({ ...traced, tape, ins, wanted, result }));
  const size = elements(xs);
  if (size === 0) return result.leaves.map((y) => xs.map((x) => empty(y, x)));
  const both = transforms.jvp(tape, wanted);
  const flags = both.tape.inputs.map((_, k) => k >= ins.length && k < ins.length + xs.length);
  const moving = both.movedOuts.filter((moved) => moved).length;
  const many = transforms.batch(both.tape, flags, size, tail(both.tape.outputs.length, moving));
  const found = applyTape(many.tape, [...ins, ...basis(xs), ...both.captured, ...many.captured]);
  let next = result.leaves.length;
  return result.leaves.map((y, k) => {
    if (!both.movedOuts[k]) return xs.map((x) => empty(y, x));
    return pieces(found[next++]!, xs).map((piece, j) =>
      ops.reshape(moveAxis(piece, 0, piece.shape.length - 1), [...y.shape, ...xs[j]!.shape]),
    );
  });
}

function rowsInReverse({ tape, ins, wanted, result, ...traced }: TracedFunction): Blocks {
  const xs = ins.slice(0, inputCount({ ...traced, tape, ins, wanted, result }));
  const ys = result.leaves;
  const size = elements(ys);
  if (size === 0 || xs.length === 0) return ys.map((y) => xs.map((x) => empty(y, x)));
  const { forward, backward, passed } = linearize(
    tape,
    wanted,
    ys.map(() => true),
  );
  const saved = applyTape(forward.tape, [...ins, ...forward.captured]).slice(ys.length);
  const residuals = passed.map((k) => ins[k]!).concat(saved);
  const flags = backward.tape.inputs.map((_, k) => k >= residuals.length && k < residuals.length + ys.length);
  const many = transforms.batch(
    backward.tape,
    flags,
    size,
    xs.map(() => true),
  );
  const found = applyTape(many.tape, [...residuals, ...basis(ys), ...backward.captured, ...many.captured]);
  const columns = found.map((x) => pieces(x, ys));
  return ys.map((y, i) => xs.map((x, j) => ops.reshape(columns[j]![i]!, [...y.shape, ...x.shape])));
}

/** The unit vectors of the space of several tensors together, as one stack for each tensor. */
function basis(like: readonly Tensor[]): Tensor[] {
  const size = elements(like);
  let from = 0;
  return like.map((x) => {
    const options = { dtype: x.dtype, target: x.target };
    const parts = [from, size - from - x.size].map((rows) => ops.zeros([rows, x.size], options));
    from += x.size;
    const unit = ops.eye(x.size, options);
    return ops.reshape(like.length === 1 ? unit : ops.concat([parts[0]!, unit, parts[1]!], 0), [size, ...x.shape]);
  });
}

/** The rows that belong to each of the tensors. */
function pieces(x: Tensor, like: readonly Tensor[]): Tensor[] {
  if (like.length === 1) return [x];
  let from = 0;
  return like.map(({ size }) => {
    const starts = x.shape.map((_, axis) => (axis === 0 ? from : 0));
    from += size;
    return ops.slice(
      x,
      starts,
      x.shape.map((length, axis) => (axis === 0 ? from : length)),
    );
  });
}

const inputCount = (traced: TracedFunction): number => traced.tape.declaredInputs;
const elements = (xs: readonly Tensor[]): number => xs.reduce((sum, x) => sum + x.size, 0);
const tail = (length: number, count: number): boolean[] => Array.from({ length }, (_, k) => k >= length - count);
const empty = (y: Tensor, x: Tensor): Tensor =>
  ops.zeros([...y.shape, ...x.shape], { dtype: y.dtype, target: x.target });

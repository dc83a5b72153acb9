import { applyTape, DTypeError, isFloat, sameShape, ShapeError, Tensor, tree, type Tree } from "@dzdt/tensor";
import { printAval } from "./check";
import type { Flat } from "./leaves";
import { rebuildAll, traceFunction } from "./traced-function";
import { linearize } from "./transforms";

/**
 * The value of a function, and its pullback: from a cotangent of the result (a tree like it) to a list of cotangents of the arguments.
 * The forward computation is done once; the pullback can be called any number of times, under other transforms too. Leaves of the
 * result that are not floats have no cotangent: what is given for them is ignored.
 * @example const [y, pullback] = vjp((x: Tensor) => x.mul(x), tensor([1, 2])); pullback(ones([2])) // [[2, 4]]
 */
export function vjp<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  ...primals: A
): [out: Y, pullback: (cotangent: Y) => { -readonly [K in keyof A]: A[K] }] {
  const { tape, ins, wanted, args, result } = traceFunction(f, primals, { where: "vjp", floats: true });
  const active = tape.outputs.map((id) => isFloat(tape.avals[id]!.dtype));
  const { forward, backward, passed } = linearize(tape, wanted, active);
  const found = applyTape(forward.tape, [...ins, ...forward.captured]);
  const outs = found.slice(0, active.length);
  const residuals = passed.map((k) => ins[k]!).concat(found.slice(active.length));
  const pullback = (cotangent: unknown): unknown[] => {
    const cts = leavesLike("vjp: the cotangent", cotangent, outs).filter((_, k) => active[k]);
    return rebuildAll(args, applyTape(backward.tape, [...residuals, ...cts, ...backward.captured]));
  };
  return [result.rebuild(outs) as Y, pullback as (cotangent: Y) => { -readonly [K in keyof A]: A[K] }];
}

/** The leaves of a tree that should have those of `like` in number, shape and dtype. Leaves that stand for no float are not looked at. */
export function leavesLike(what: string, value: unknown, like: Flat["leaves"]): Tensor[] {
  const { leaves } = tree.flatten(value as Tree);
  if (leaves.length !== like.length)
    throw new ShapeError(
      `${what} is a tree of ${leaves.length} leaves in place of ${like.length}; give one like the value's`,
    );
  return leaves.map((leaf, k) => {
    const y = like[k]!;
    if (!isFloat(y.dtype)) return y;
    const x = leaf instanceof Tensor ? leaf : Tensor.scalar(Number(leaf), y.dtype, y.target);
    if (!sameShape(x.shape, y.shape))
      throw new ShapeError(
        `${what} has shape [${x.shape.join(", ")}] at leaf ${k}; it must be that of the value, [${y.shape.join(", ")}]`,
      );
    if (x.dtype !== y.dtype)
      throw new DTypeError(
        `${what} is ${printAval(x)} at leaf ${k}; it must be ${y.dtype}, as the value is: cast it first`,
      );
    return x;
  });
}

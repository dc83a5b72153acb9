import { applyTape, ops, ShapeError, type Tensor } from "@dzdt/tensor";
import { traceFunction } from "./traced-function";
import { transforms } from "./transforms";
import { leavesLike } from "./vjp";

/** Tangents of arguments: trees like them, undefined for zero. */
export type Tangents<A extends readonly unknown[]> = { readonly [K in keyof A]: A[K] | undefined };

/**
 * The value of a function and its derivative along a direction, `[f(x), J(x) v]`. An argument whose tangent is undefined stands still,
 * and is passed as it is.
 * @example jvp((x: Tensor) => x.sin(), [tensor(0)], [tensor(2)]) // [0, 2]
 */
export function jvp<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  primals: readonly [...A],
  tangents: Tangents<A>,
): [out: Y, tangent: Y] {
  if (!Array.isArray(primals) || !Array.isArray(tangents))
    throw new TypeError("jvp: primals and tangents are not both arrays; give a list of each, as in jvp(f, [x], [v])");
  if (primals.length !== tangents.length)
    throw new ShapeError(
      `jvp: ${tangents.length} tangents for ${primals.length} arguments; give one for each, undefined for zero`,
    );
  const argnums = primals.flatMap((_, n) => (tangents[n] === undefined ? [] : [n]));
  const { tape, ins, wanted, args, result } = traceFunction(f, primals, { where: "jvp", floats: true, argnums });
  const given = argnums.flatMap((n, k) =>
    leavesLike(`jvp: the tangent of argument ${n}`, tangents[n], args[k]!.leaves),
  );
  const both = transforms.jvp(tape, wanted);
  const found = applyTape(both.tape, [...ins, ...given, ...both.captured]);
  const outs = found.slice(0, both.movedOuts.length);
  return [result.rebuild(outs) as Y, result.rebuild(spread(outs, both.movedOuts, found.slice(outs.length))) as Y];
}

/** Tangents of all outputs from those of the outputs that move: zeros for the others. */
export function spread(outs: readonly Tensor[], moved: readonly boolean[], tangents: readonly Tensor[]): Tensor[] {
  let next = 0;
  return outs.map((y, k) => (moved[k] ? tangents[next++]! : ops.zerosLike(y)));
}

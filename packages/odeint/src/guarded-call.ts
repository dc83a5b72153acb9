import { call, cond, isFloat, primitive, type Tensor, trace, bind, zerosLike } from "@dzdt/tensor";
import { typeOf } from "./leaves";

type CallPrimitive = typeof call;

/**
 * A call whose last result, a bool scalar, says whether the others are used. Where it is false no cotangent goes through: a rejected attempt
 * that met NaN must not turn zero cotangents into NaN.
 */
const guardedCall: CallPrimitive = primitive({
  ...call,
  name: "guardedCall",
  backward: (o, cotangents, ins, outs, a, wanted, saved) => {
    const marks = wanted.map((w, j) => w && isFloat(ins[j]!.dtype));
    const used = ins.filter((_, j) => marks[j]);
    const taken = cond(
      outs.at(-1)!,
      (): Tensor[] => {
        const found = call.backward!(o, cotangents, ins, outs, a, wanted, saved);
        return used.map((x, n) => found[indexOf(marks, n)] ?? zerosLike(x));
      },
      (): Tensor[] => used.map((x) => zerosLike(x)),
    );
    let next = 0;
    return marks.map((mark) => (mark ? taken[next++] : undefined));
  },
});

/** The place of the n-th mark. */
const indexOf = (marks: readonly boolean[], n: number): number => marks.flatMap((mark, j) => (mark ? [j] : []))[n]!;

/** Records a function of traced tensors as a guarded call. */
export function guarded(where: string, fn: (...ins: Tensor[]) => readonly Tensor[], ins: readonly Tensor[]): Tensor[] {
  const { tape, captured } = trace(where, fn, ins.map(typeOf));
  return bind(guardedCall, [...ins, ...captured], { tape });
}

import type { Aval } from "../primitive";
import { inlineTape } from "../run";
import type { Tape } from "../tape";
import type { Tensor } from "../tensor";
import { trace } from "../trace";
import type { Traced } from "../rules";

/** Types of a tape's inputs. */
export const inputTypes = (tape: Tape): Aval[] => tape.inputs.map((id) => tape.avals[id]!);

/** Types of a tape's outputs. */
export const outputTypes = (tape: Tape): Aval[] => tape.outputs.map((id) => tape.avals[id]!);

/** The type that a tape's input for a tensor has: no weak number. */
export const typeOf = ({ dtype, shape }: Aval): Aval => ({ dtype, shape });

/** The type of a tensor's rows. */
export const rowType = ({ dtype, shape }: Aval): Aval => ({ dtype, shape: shape.slice(1) });

/** The type of the number of an iteration. */
export const counterType: Aval = Object.freeze<Aval>({ dtype: "int32", shape: [] });

/** A new tape from types of inputs; `fn` may record old tapes on it with `run`. */
export function retrace(
  where: string,
  types: readonly Aval[],
  fn: (ins: readonly Tensor[], run: (tape: Tape, ins: readonly Tensor[]) => Tensor[]) => readonly Tensor[],
): Traced {
  return trace(where, (...ins) => fn(ins, (tape, given) => inlineTape(tape, given, ins[0]!.tape!)), types);
}

/** Members of a list whose flag is set. */
export const pick = <T>(list: readonly T[], flags: readonly boolean[]): T[] => list.filter((_, j) => flags[j]);

/** The inverse of {@link pick}: values in the places whose flag is set, undefined elsewhere. */
export function place<T>(values: readonly T[], flags: readonly boolean[]): (T | undefined)[] {
  let next = 0;
  return flags.map((flag) => (flag ? values[next++] : undefined));
}

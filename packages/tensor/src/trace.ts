import type { Aval } from "./primitive";
import type { Traced } from "./rules";
import { evaluate } from "./run";
import { Tape } from "./tape";
import { defaultTarget } from "./targets/default";
import type { Target } from "./targets/target";
import type { Tensor } from "./tensor";

/** The target of the function that is being traced: that of functions traced inside it. */
let enclosing: Target | undefined;

/** Where numbers live that the function being traced meets; undefined where none is. */
export const enclosingTarget = (): Target | undefined => enclosing;

/**
 * Records what a function does with values of given types.
 * @param where names the trace in errors
 * @param options.primals concrete (or outer traced) tensors behind the inputs: lets the function read numbers while it is traced
 * @param options.frozen numbers in the function are literals of the tape (see `Tape`)
 * @param options.target where numbers that the function meets live. @defaultValue that of the function around this one, or `defaultTarget()`
 */
export function trace(
  where: string,
  fn: (...ins: Tensor[]) => readonly Tensor[],
  avals: readonly Aval[],
  options: {
    readonly primals?: readonly Tensor[];
    readonly target?: Target | undefined;
    readonly frozen?: boolean;
  } = {},
): Traced {
  const primals = options.primals && { inputs: options.primals, evaluate };
  const before = enclosing;
  const target = options.target ?? before ?? defaultTarget();
  const tape = new Tape(where, { target, primals, frozen: options.frozen });
  enclosing = target;
  try {
    tape.seal(fn(...avals.map((aval) => tape.input(aval))));
  } finally {
    enclosing = before;
  }
  return { tape, captured: tape.release() };
}

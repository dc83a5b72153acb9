import type { Aval } from "./primitive";
import type { Traced } from "./rules";
import { evaluate } from "./run";
import { Tape } from "./tape";
import type { Target } from "./targets/target";
import type { Tensor } from "./tensor";

/**
 * Records what a function does with values of given types.
 * @param where names the trace in errors
 * @param primals concrete (or outer traced) tensors behind the inputs: lets the function read numbers while it is traced
 */
export function trace(
  where: string,
  fn: (...ins: Tensor[]) => readonly Tensor[],
  avals: readonly Aval[],
  options: { readonly primals?: readonly Tensor[]; readonly target?: Target | undefined } = {},
): Traced {
  const primals = options.primals && { inputs: options.primals, evaluate };
  const tape = new Tape(where, { target: options.target, primals });
  const results = fn(...avals.map((aval) => tape.input(aval)));
  tape.seal(results);
  return { tape, captured: tape.captured };
}

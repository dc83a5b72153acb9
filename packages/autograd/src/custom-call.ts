import { inlineTape, innermost, isFloat, Tape, type Tensor, UnsupportedError, type Aval } from "@dzdt/tensor";
import { filled, type Rules } from "./replay";

/** Float values among some. Only they have derivatives. */
export const floatsOf = (xs: readonly Pick<Aval, "dtype">[]): boolean[] => xs.map((x) => isFloat(x.dtype));

/** Only the items that are marked. */
export const pick = <T>(xs: readonly T[], marks: readonly boolean[]): T[] => xs.filter((_, k) => marks[k]);

/** The inverse of {@link pick}: values in the places that are marked, undefined elsewhere. */
export function place<T>(values: readonly T[], marks: readonly boolean[]): (T | undefined)[] {
  let next = 0;
  return marks.map((marked) => (marked ? values[next++] : undefined));
}

/** Types of a tape's outputs. */
export const outputAvals = (tape: Tape): Aval[] => tape.outputs.map((id) => tape.avals[id]!);

/** A tape made by hand, of functions of values on it; its numbers live where those of another do. */
export function tapeOf(
  where: string,
  beside: Tape,
  avals: readonly Aval[],
  fn: (ins: readonly Tensor[], tape: Tape) => readonly Tensor[],
): Tape {
  const tape = new Tape(where, { target: beside.target });
  tape.seal(
    fn(
      avals.map((aval) => tape.input(aval)),
      tape,
    ),
  );
  return tape;
}

/** A tape's nodes, recorded where its inputs are. */
export function inline(tape: Tape, ins: readonly Tensor[]): Tensor[] {
  return inlineTape(tape, ins, innermost(ins)!);
}

/** Derivatives that are absent, as zeros on the tape of `beside`. */
export const orZeros = (xs: readonly (Tensor | undefined)[], like: readonly Tensor[], beside: Tensor): Tensor[] =>
  xs.map((x, k) => x ?? filled(beside.tape!, 0, like[k]!));

/** A rule of the user's says nothing about values that the function closed over. @throws UnsupportedError if one is differentiated */
export function refuseClosed(where: string, closed: readonly boolean[], moving: readonly boolean[]): void {
  if (closed.some((is, j) => is && moving[j]))
    throw new UnsupportedError(
      `${where}: the function closes over a value that is being differentiated, for which the rule has no derivative; ` +
        `pass it as an argument, or through stopGradient`,
    );
}

/** The batched tape of a call's function, with the batch axis on all results. */
export const batchAll = (o: Rules, tape: Tape, batched: readonly boolean[], size: number): Tape =>
  o.transforms.batch(
    tape,
    batched,
    size,
    tape.outputs.map(() => true),
  ).tape;

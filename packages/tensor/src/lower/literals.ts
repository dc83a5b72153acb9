import type { Tape } from "../tape";

const known = new WeakMap<Tape, ReadonlyMap<number, number>>();

/** The numbers of a sealed tape's literals, by value. */
export function literalsOf(tape: Tape): ReadonlyMap<number, number> {
  let literals = known.get(tape);
  if (!literals) known.set(tape, (literals = new Map(tape.literals.map(({ id, value }) => [id, value]))));
  return literals;
}

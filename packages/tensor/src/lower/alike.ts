import { structureOf } from "../key";
import type { Tape } from "../tape";
import { pruned } from "./registers/evaluate";

/**
 * A function that finds tapes which are the same program, whatever they are called and what is dead in them: it gives the first of those that it was
 * asked for, without dead code. Every call of a function that is differentiated or batched may come with a tape of its own.
 */
export function firstAlike(): (tape: Tape) => Tape {
  const known = new Map<Tape, Tape>();
  const byKey = new Map<string, Tape>();
  const first = (tape: Tape): Tape => {
    let found = known.get(tape);
    if (!found) {
      const code = pruned(tape);
      // Tapes within it stand in the key by a number each, so that it is no longer than the tape.
      const key = structureOf(code, (inner) => String(first(inner).serial));
      found = byKey.get(key) ?? code;
      byKey.set(key, found);
      known.set(tape, found);
    }
    return found;
  };
  return first;
}

import type { Tape } from "../tape";
import { remembered } from "./remembered";

/** The numbers of a sealed tape's literals, by value. */
export const literalsOf: (tape: Tape) => ReadonlyMap<number, number> = remembered(
  ({ literals }) => new Map(literals.map(({ id, value }) => [id, value])),
);

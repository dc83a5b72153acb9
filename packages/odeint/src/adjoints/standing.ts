import { trace, where } from "@dzdt/tensor";
import { flow } from "../flow";
import { typeOf } from "../leaves";
import type { Backward } from "./continuous";
import type { Interval, Passed } from "./intervals";
import { fieldOf, pullbackOf } from "./pullback";

/** dy/dt as a field, of mass matrices too, and what it depends on besides time and state. */
export function motionOf(given: Backward): Pick<Backward, "field" | "closed" | "marks"> {
  const { field, closed, marks, mass } = given;
  if (!mass) return { field, closed, marks };
  const count = field.types.length;
  const { tape, captured } = trace(
    "motion",
    (t, ...all) => mass.slopeFor(fieldOf(field, all.slice(count - 1)))(t, all.slice(0, count - 1)),
    [...field.types, ...closed.map(typeOf)],
  );
  return {
    field: { ...field, tape },
    closed: [...closed, ...captured],
    marks: [...marks, ...captured.map(() => false)],
  };
}

/**
 * Back over an interval of no length, as between an output and an event of the same time: cotangents stay as they are, but move with the ends of the
 * interval as the adjoint equations say.
 */
export function standing(given: Backward, { lambda, rest }: Passed, { from, to, y }: Interval): Passed {
  const { field, closed, marks } = motionOf(given);
  const size = y.length;
  const own = rest.length - marks.filter((mark) => mark).length;
  const slopes = pullbackOf(field, closed, { slopes: true, state: true, marks });
  const next = flow((t, all) => slopes(t, all.slice(0, size), all.slice(size, 2 * size)), from, to, [
    ...y,
    ...lambda,
    ...rest.slice(own),
  ]);
  return { lambda: next.slice(size, 2 * size), rest: [...rest.slice(0, own), ...next.slice(2 * size)] };
}

/** The same after an interval of any length: over one that has a length nothing moves. */
export function standingIfEmpty(given: Backward, passed: Passed, interval: Interval): Passed {
  const { from, to, before } = interval;
  const [length] = interval.length;
  const empty = length ? length.equal(0) : from.equal(to);
  return standing(given, passed, { ...interval, from: where(empty, from, to), y: before });
}

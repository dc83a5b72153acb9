import { type Target, UnsupportedError } from "@dzdt/tensor";
import type { Adjoint } from "../adjoints/adjoint";
import { checkMonotonic, checkWithin, type KnownTimes, readTimes } from "../saveAt";
import type { GivenSave, GivenSaves } from "./given";
import type { Save } from "./save";

/**
 * Saves of a solve, at least one, settled.
 * @throws TypeError, RangeError for times that are none of the solve's; UnsupportedError for adjoints that do not see the steps
 */
export function readEach(
  where: string,
  saves: readonly (readonly [name: string, save: Save])[],
  solved: KnownTimes,
  adjoint: Adjoint,
  target: Target,
): Omit<GivenSaves, "machinery"> {
  const list = saves.map(([name, save]) => readSave(`${where}: saves.${name}`, name, save, solved, target));
  const stepped = list.filter(({ times }) => !times);
  if (stepped.length === 0) return { list, each: 1, rows: 0, tightest: undefined };
  if (adjoint.kind !== "discretize")
    throw new UnsupportedError(
      `${where}: saves.${stepped[0]!.name} is of steps, of which ${adjoint.name} has no gradients; use discretize(), or give it ts in place of every`,
    );
  const each = stepped.map(({ every }) => every).reduce(commonDivisor);
  const overflow = ({ every, capacity }: GivenSave): number => every * (capacity + 1);
  const first = stepped.reduce((a, b) => (overflow(b) < overflow(a) ? b : a));
  return { list, each, rows: overflow(first) / each - 1, tightest: first };
}

function readSave(where: string, name: string, save: Save, solved: KnownTimes, target: Target): GivenSave {
  const { every, ts, of, capacity } = save;
  if (ts === undefined) return { name, of, times: undefined, known: true, every: every!, capacity };
  const times = readTimes(where, "ts", ts, target);
  checkMonotonic(where, times);
  checkWithin(where, times, solved);
  checkDirection(where, times, solved);
  const { tensor: t, rest, values } = times;
  return {
    name,
    of,
    times: { t, rest },
    known: values !== undefined && solved.values !== undefined,
    every: 0,
    capacity: t.size,
  };
}

function checkDirection(where: string, { values: own }: KnownTimes, { values: all }: KnownTimes): void {
  if (!own || !all || own.length < 2 || all.length < 2) return;
  if (own[1]! > own[0]! !== all[1]! > all[0]!)
    throw new RangeError(
      `${where}: ts goes from ${own[0]!} to ${own[1]!}, against the solve's; give them in its direction`,
    );
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b));

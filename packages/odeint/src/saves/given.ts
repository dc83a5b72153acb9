import type { Target } from "@dzdt/tensor";
import type { Adjoint } from "../adjoints/adjoint";
import type { FineTime } from "../fine-time";
import type { KnownTimes } from "../saveAt";
import type { SaveMachinery } from "./machinery";
import type { Save } from "./save";

/** One that was given, settled: at times, or after steps. */
export interface GivenSave {
  readonly name: string;
  readonly of: Save["of"];
  /** When; none for those after steps. */
  readonly times: FineTime | undefined;
  /** Are they, and the solve's, known before the program runs? */
  readonly known: boolean;
  readonly every: number;
  /** How many rows there may be. */
  readonly capacity: number;
}

/** All that a solve saves. After steps it keeps one list of rows, of every `each`-th step, of which those saves are parts. */
export interface GivenSaves {
  readonly list: readonly GivenSave[];
  readonly each: number;
  /** How many rows that list has: with one more a save has more than its capacity. 0 where nothing is saved after steps. */
  readonly rows: number;
  /** Which save that is, for errors. */
  readonly tightest: GivenSave | undefined;
  readonly machinery: SaveMachinery;
}

/** @throws TypeError, RangeError for what is none; UnsupportedError for adjoints that do not see the steps */
export function readSaves(
  where: string,
  saves: unknown,
  solved: KnownTimes,
  adjoint: Adjoint,
  target: Target,
): GivenSaves | undefined {
  if (saves === undefined) return undefined;
  if (typeof saves !== "object" || saves === null || Array.isArray(saves))
    throw new TypeError(
      `${where}: saves is ${Array.isArray(saves) ? "an array" : typeof saves}; give an object of saves by name, as in { all: saveAt({ every: 1 }) }`,
    );
  const list = Object.entries(saves as Readonly<Record<string, Save>>);
  for (const [name, one] of list as [string, Partial<Save> | null | undefined][])
    if (one?.kind !== "save")
      throw new TypeError(`${where}: saves.${name} is no save; make it with saveAt({ every: n }) or saveAt({ ts })`);
  const machinery = list[0]?.[1].machinery;
  return machinery && { ...machinery.read(where, list, solved, adjoint, target), machinery };
}

import { found, takenApart, withSaves } from "./collect";
import { keep } from "./keep";
import { readEach } from "./read";
import { savedRecords } from "./record";
import { unmovedSaves } from "./unmoved";

/** What a solve with saves does beyond others. */
export interface SaveMachinery {
  readonly read: typeof readEach;
  readonly outputs: typeof withSaves;
  readonly keep: typeof keep;
  readonly found: typeof found;
  readonly takenApart: typeof takenApart;
  readonly recorded: typeof savedRecords;
  readonly unmoved: typeof unmovedSaves;
}

/** Saves bring it along, so that programs without saves are without it. */
export const saveMachinery: SaveMachinery = {
  read: readEach,
  outputs: withSaves,
  keep,
  found,
  takenApart,
  recorded: savedRecords,
  unmoved: unmovedSaves,
};

import { advance } from "./advance";
import { eventsFirst, fromStart } from "./arrange";
import { collect } from "./collect";
import { tracedEvents } from "./leaf-event";
import { passage } from "./passage";
import { readEach } from "./read";
import { nothingRecorded, recorded } from "./record";
import { beginEvents } from "./search";

/** What a solve with events does beyond others. */
export interface EventMachinery {
  readonly read: typeof readEach;
  readonly traced: typeof tracedEvents;
  readonly begin: typeof beginEvents;
  readonly advance: typeof advance;
  readonly collect: typeof collect;
  readonly eventsFirst: typeof eventsFirst;
  readonly fromStart: typeof fromStart;
  readonly passage: typeof passage;
  readonly recorded: typeof recorded;
  readonly nothingRecorded: typeof nothingRecorded;
}

/** Events bring it along, so that programs without events are without it. */
export const eventMachinery: EventMachinery = {
  read: readEach,
  traced: tracedEvents,
  begin: beginEvents,
  advance,
  collect,
  eventsFirst,
  fromStart,
  passage,
  recorded,
  nothingRecorded,
};

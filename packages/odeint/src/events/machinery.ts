import { advance } from "./advance";
import { collect } from "./collect";
import { tracedEvents } from "./leaf-event";
import { passage } from "./passage";
import { nothingRecorded, recorded } from "./record";
import { beginEvents } from "./search";

/** What a solve with events does beyond others. */
export interface EventMachinery {
  readonly traced: typeof tracedEvents;
  readonly begin: typeof beginEvents;
  readonly advance: typeof advance;
  readonly collect: typeof collect;
  readonly passage: typeof passage;
  readonly recorded: typeof recorded;
  readonly nothingRecorded: typeof nothingRecorded;
}

/** Events bring it along, so that programs without events are without it. */
export const eventMachinery: EventMachinery = {
  traced: tracedEvents,
  begin: beginEvents,
  advance,
  collect,
  passage,
  recorded,
  nothingRecorded,
};

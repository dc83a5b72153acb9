import type { SavedRun } from "../experiment";

/** The name of the model that can use a run. @throws Error if the run has none */
export function modelOf({ folder, record }: SavedRun): string {
  if (record.model !== null) return record.model;
  throw new Error(
    `${folder}: experiment "${record.experiment}" leaves no model that can be run on; use a run of dzdt train`,
  );
}

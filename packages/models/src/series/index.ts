export { derivatives } from "./derivatives";
export type { DerivativeOptions, DerivativeSamples } from "./derivatives";
export { columnNames, readTable } from "./readTable";
export type { ReadTableOptions, SeriesTable, Trial } from "./readTable";
export { sliceTable } from "./sliceTable";
export { split } from "./split";
export type { Split } from "./split";
export { windows } from "./windows";
export type { WindowOptions, Windows } from "./windows";

export { formatDuration, formatNumber } from "./formatNumber";
export { renderReport } from "./renderReport";
export type * from "./report";
export { sampleField, sampleLevels } from "./sample";
export { textTable } from "./textTable";

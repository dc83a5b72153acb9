export { ddeint, type DdeintOptions } from "./ddeint";
export type { Delays } from "./delays";
export type { History } from "./history";
export type { DelayedField } from "./method";

export { ddeint, type DdeintOptions } from "./ddeint";
export type { Delay, Delays, StateDelay } from "./delays";
export type { History } from "./history";
export type { DelayedField } from "./method";

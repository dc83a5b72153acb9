export { cdeint } from "./cdeint";
export type { ControlledField } from "./controlled";

export type { DerivativeBatch } from "./loss";
export { type HamiltonianState, hnn, type Hnn, type HnnOptions, type HnnParams } from "./model";

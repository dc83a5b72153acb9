export { fieldNetwork, type FieldNetwork, type FieldNetworkOptions } from "./field-network";
export { hnn, type Hnn, type HnnOptions, type HnnParams, type HamiltonianState } from "./hnn";
export * as nn from "./nn";
export * as optim from "./optim";
export {
  type CheckpointStore,
  fit,
  type FitOptions,
  type FitProgress,
  type FitResult,
  load,
  save,
  type Trainable,
  type Trajectories,
} from "./train";

export type { CheckpointStore } from "./checkpoint";
export { fit, type FitOptions, type FitProgress, type FitResult, type Trainable } from "./fit";
export { load, save } from "./save";
export { type Trajectories, trajectoryLoss } from "./trajectoryLoss";

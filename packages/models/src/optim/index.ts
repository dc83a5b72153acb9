export { adam, type AdamOptions, adamw } from "./adam";
export { clipByGlobalNorm, globalNorm } from "./clipByGlobalNorm";
export type { Optimizer, OptimizerState, RateOptions, Schedule } from "./optimizer";
export { rmsprop, type RmspropOptions } from "./rmsprop";
export * as schedules from "./schedules";
export { sgd, type SgdOptions } from "./sgd";

export { type CheckGradsOptions, checkGrads } from "./check-grads";

export { convergence, denseError, type DenseErrorOptions, solutionError } from "./convergence";
export { observedOrder, type ObservedOrder, type ObservedOrderOptions } from "./observed-order";
export {
  denseOrder,
  denseWeights,
  elementaryWeights,
  embeddedWeights,
  type OrderCondition,
  orderConditions,
  orderResidual,
  type RootedTree,
  rootedTrees,
  splittingResidual,
  type WeightedStages,
} from "./order-conditions";
export * from "./problems";
export { forcedDecay, kaps, protheroRobinson, stiffProblems } from "./stiff-problems";

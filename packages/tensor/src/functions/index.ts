export { numberLike } from "../literals";
export { applyTape, bind } from "../run";
export * from "./activation";
export * from "./arithmetic";
export * from "./bitwise";
export * from "./cast";
export * from "./comparison";
export * from "./contract";
export * from "./convolution";
export * from "./create";
export * from "./einsum";
export * from "./elementary";
export * from "./indexing";
export { fullLike, onesLike, zerosLike } from "./likes";
export { all, any, argmax, argmin, type Axes, logsumexp, max, min, prod, type ReduceOptions, sum } from "./reduce";
export * from "./statistics";
export * from "./stop-gradient";
export {
  broadcastTo,
  concat,
  expandDims,
  flip,
  pad,
  permute,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  tile,
  transpose,
} from "./structure";
export type { ConvolutionOptions, ConvolutionTransposeOptions } from "./windows";

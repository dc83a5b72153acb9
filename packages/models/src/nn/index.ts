export { type Activation, activationOf } from "./activation";
export { conv2d, type Conv2dOptions, type Conv2dParams } from "./conv2d";
export {
  fanInUniform,
  glorotUniform,
  type Initializer,
  type InitializerOptions,
  normal,
  orthogonal,
  zeros,
} from "./initializers";
export type { InitOptions, Layer } from "./layer";
export { linear, type LinearOptions, type LinearParams } from "./linear";
export { mlp, type MlpOptions, type MlpParams, type MlpStyle } from "./mlp";

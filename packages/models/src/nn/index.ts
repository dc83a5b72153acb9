export { type Activation, activationOf } from "./activation";
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

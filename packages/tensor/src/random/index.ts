export { bits, foldIn, key, split } from "./key";
export { uniform, type FloatOptions, type UniformOptions } from "./uniform";
export { normal, truncatedNormal } from "./normal";
export { bernoulli, categorical, permutation, type CategoricalOptions } from "./discrete";

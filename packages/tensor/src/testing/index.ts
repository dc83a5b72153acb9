export { allclose, assertClose, type Closeness, difference, ulpOf } from "./allclose";
export { type Case, type CaseInput, casesOf, inputsOf, nameOf } from "./cases";
export { extremes, extremesIn, fromNumbers, sample, uniforms } from "./samples";
export { derivatives, tolerance, type Tolerance } from "./tolerances";
/** Every primitive, by name: what suites go through. */
export * as primitives from "../primitives/index";

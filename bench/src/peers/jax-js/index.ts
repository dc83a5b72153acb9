import type { Contender } from "../../contenders";
import { onWebGpu } from "./device";

/** jax-js on its WebAssembly device, compiled by its `jit`. No loops in programs, no solvers. */
export const jaxJs: Contender = {
  name: "jaxjs-wasm",
  package: "@jax-js/jax",
  attempts: {
    W1: () => import("./w1-matmul"),
    W2: () => import("./w2-elementwise"),
    W3: () => import("./w3-reductions"),
    W4: () => import("./w4-mlp"),
    W5: () => import("./w5-neural-ode"),
    W6: () => import("./w6-hnn"),
    W7: () => import("./w7-ode"),
    W8: () => import("./w8-sde"),
    W10: () => import("./w10-overhead"),
  },
};

/** The same on its WebGPU device, by the implementation of WebGPU that dzdt has in the same run. */
export const jaxJsOnWebGpu: Contender = {
  name: "jaxjs-webgpu",
  package: "@jax-js/jax",
  attempts: Object.fromEntries(
    ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8"].map((name) => [name, onWebGpu(jaxJs.attempts[name]!)]),
  ),
};

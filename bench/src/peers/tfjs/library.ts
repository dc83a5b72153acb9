import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs";
import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import { type Attempt, updates } from "../../case";
import type { Block } from "../../inputs";

setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
tf.enableProdMode();
if (!(await tf.setBackend("wasm"))) throw new Error("tfjs: the wasm backend did not start");

export { tf };

export const toTensor = ({ values, shape }: Block): tf.Tensor => tf.tensor(Float32Array.from(values), [...shape]);

/** Eager operations without arguments; the backend is synchronous, so their results are there when they return. */
export const calling = (note: string, f: () => tf.Tensor): Attempt => ({
  note,
  run: () => f().dispose(),
  result: () => {
    const out = f();
    const values = out.dataSync();
    out.dispose();
    return values;
  },
});

/** Training by the library's optimiser. */
export function training(note: string, initial: readonly Block[], loss: (params: tf.Tensor[]) => tf.Scalar): Attempt {
  const start = () => ({
    params: initial.map((b) => tf.variable(toTensor(b))),
    adam: tf.train.adam(1e-3, 0.9, 0.999, 1e-8),
  });
  let now = start();
  let done = 0;
  const step = (): number => {
    if (done++ % updates === 0) {
      tf.dispose(now.params);
      now.adam.dispose();
      now = start();
    }
    const value = now.adam.minimize(() => loss(now.params), true, now.params)!;
    const [number] = value.dataSync();
    value.dispose();
    return number!;
  };
  return {
    note,
    run: step,
    result: () => {
      done = 0;
      const losses = Array.from({ length: updates }, step);
      return [losses[0]!, losses.at(-1)!];
    },
  };
}

/** W₁, b₁, W₂, b₂, … on rows. */
export function mlp(params: readonly tf.Tensor[], x: tf.Tensor): tf.Tensor {
  for (let i = 0; i < params.length; i += 2) {
    const z = tf.add(tf.matMul(x, params[i]!), params[i + 1]!);
    x = i + 2 < params.length ? tf.tanh(z) : z;
  }
  return x;
}

import { freshProcess } from "../../fresh-process";
import type { Attempts } from "../../case";
import { count } from "../../workloads/w10-overhead";
import { calling, tf } from "./library";

export const attempts: Attempts = {
  "W10.eager": () => {
    const b = tf.fill([16], 0.5);
    return calling("", () =>
      tf.tidy(() => {
        let x: tf.Tensor = tf.zeros([16]);
        for (let i = 0; i < count; i++) x = tf.add(x, b);
        return x;
      }),
    );
  },
  "W10.cold": () => freshProcess("tfjs-wasm.mjs"),
};

import { inputs } from "../../workloads/w1-matmul";
import type { Attempts } from "../../case";
import { type Array, calling, np, toArray } from "./library";

const product = (n: number, dtype: "float32" | "float64") => () => {
  const [a, b] = inputs(n).map((x) => toArray(x, dtype)) as [Array, Array];
  return calling("np.matmul", () => np.matmul(a.ref, b.ref));
};

export const attempts: Attempts = {
  "W1.128": product(128, "float32"),
  "W1.512": product(512, "float32"),
  "W1.1024": product(1024, "float32"),
  "W1.f64.512": product(512, "float64"),
};

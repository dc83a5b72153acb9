import type { Tensor } from "@dzdt/tensor";
import { drawnMotion } from "../../src/sde/brownian/steps";
import { f64 } from "./numbers";

/** The first `count` of W, H and K of the nth step, which is h long. */
export function drawn(key: Tensor, shape: readonly number[], count: number, n: number, h: number): Tensor[] {
  const span = { t: f64(0), tNext: f64(h), h: f64(h), number: f64(n).cast("int32") };
  const { W, H, K } = drawnMotion(key, shape, count, "float64").over(span);
  return [W, H, K].flatMap((x) => x ?? []);
}

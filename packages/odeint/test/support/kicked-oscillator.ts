import { stack, type Tensor } from "@dzdt/tensor";
import { event, peak } from "../../src/index";
import { at, f64 } from "./numbers";

/** A driven oscillator that doses kick, walls turn round, and whose highest points are recorded. */
export const field = (t: Tensor, y: Tensor, p: Tensor): Tensor =>
  stack([at(y, 1), at(y, 0).neg().mul(at(p, 0)).sub(at(y, 1).mul(0.1)).add(t.cos())]);
export const doses = (times: Tensor) => event<Tensor, Tensor>({ at: times, reset: (_t, y, p) => y.add(at(p, 1)) });
export const wall = event<Tensor, Tensor>((t, y, p) => at(y, 0).sub(at(p, 2)).add(t.mul(0.01)), {
  direction: "up",
  reset: (_t, y) => stack([at(y, 0), at(y, 1).mul(-0.8)]),
});
export const crest = peak<Tensor, Tensor>((_t, y) => at(y, 0));
export const p = f64([1.7, 0.3, 1.1]);
export const y0 = f64([0.2, 1]);
export const ts = f64([0, 0.7, 2, 3, 5]);
export const times = f64([2, 4.1]);

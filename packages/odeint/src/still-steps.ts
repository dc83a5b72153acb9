import { stopGradient, type Tensor } from "@dzdt/tensor";
import { flow } from "./flow";
import type { Method } from "./step";

/**
 * A method whose steps stay where they are when derivatives move their ends: the states at the ends move instead, as the field takes them. For methods
 * that evaluate the field beyond a step's end, which may be on the far side of a jump: that does to a step of that length what the error control allows,
 * but has nothing to do with what a longer one does.
 */
export function onStillSteps(method: Method): Method {
  const moved = (from: Tensor, to: Tensor, y: readonly Tensor[], memory?: readonly Tensor[]): Tensor[] =>
    flow((t, state) => method.slope(t, state, memory), from, to, y);
  return {
    ...method,
    begin: (t, y) => method.begin(stopGradient(t), moved(t, stopGradient(t), y)),
    attempt: (t, tNext, h, y, memory) => {
      const [from, to, length] = [t, tNext, h].map((x) => stopGradient(x)) as [Tensor, Tensor, Tensor];
      const tried = method.attempt(from, to, length, moved(t, from, y, memory), memory);
      return { ...tried, y: moved(to, tNext, tried.y, memory) };
    },
    interpolate: (step) => {
      const [end, length] = [stopGradient(step.t), stopGradient(step.h)];
      const s = step.t.add(step.s.mul(step.h)).sub(end).div(length);
      return method.interpolate({ ...step, t: end, h: length, s, y: moved(step.t, end, step.y, step.memory) });
    },
  };
}

import { stopGradient, type Tensor } from "@dzdt/tensor";
import { since, timeAmong } from "./fine-time";
import { flow } from "./flow";
import { type Carry, moved, now, outputsOf, type Problem } from "./problem";

/** The state at the next output, from the dense output of the last step. */
export function outputAt(problem: Problem, c: Carry): Tensor[] {
  const { method } = problem;
  const [h, due, end] = [c.length[0]!, timeAmong(outputsOf(problem), c.written[0]!), moved(problem, c.t)];
  const apart = since(due, { ...now(c), t: end });
  const s = (method.interpolantMoves ? apart : stopGradient(apart)).div(h);
  const found = method.interpolate({ t: end, h, s, y: c.y, memory: c.memory, dense: c.dense });
  return problem.drift
    ? flow((...at) => method.slope(...at), moved(problem, stopGradient(due.t)), due.t, found)
    : found;
}

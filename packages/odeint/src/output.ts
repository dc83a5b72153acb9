import { stopGradient, take, type Tensor } from "@dzdt/tensor";
import { flow } from "./flow";
import { type Carry, moved, type Problem } from "./problem";

/** The state at the next output, from the dense output of the last step. */
export function outputAt(problem: Problem, c: Carry): Tensor[] {
  const { method } = problem;
  const [h, due, end] = [c.length[0]!, take(problem.outputs!, c.written[0]!, 0), moved(problem, c.t)];
  const s = (method.interpolantMoves ? due.sub(end) : stopGradient(due.sub(end))).div(h);
  const found = method.interpolate({ t: end, h, s, y: c.y, memory: c.memory, dense: c.dense });
  return problem.drift ? flow((...at) => method.slope(...at), moved(problem, stopGradient(due)), due, found) : found;
}

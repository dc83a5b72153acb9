import { jvp } from "@dzdt/autograd";
import { cast, stopGradient, type Tensor, where } from "@dzdt/tensor";
import { type FineTime, sameTime, since, timeAmong } from "./fine-time";
import { flow } from "./flow";
import { type Carry, endOf, moved, now, outputsOf, type Problem, startOf } from "./problem";

/** The state at the next output, from the dense output of the last step; or derivatives of it by time. */
export function outputAt(problem: Problem, c: Carry): Tensor[] {
  const { method, asked } = problem;
  const [h, due, end] = [c.length[0]!, timeAmong(outputsOf(problem), c.written[0]!), moved(problem, c.t)];
  const apart = since(due, { ...now(c), t: end });
  const within = (s: Tensor): Tensor[] =>
    method.interpolate({ t: end, h, s, y: c.y, memory: c.memory, dense: c.dense });
  if (asked && asked.derivative > 0) return rates(within, apart.div(h), h, asked.derivative);
  const s = (method.interpolantMoves ? apart : stopGradient(apart)).div(h);
  const found = within(s);
  if (problem.drift) return flow((...at) => method.slope(...at), moved(problem, stopGradient(due.t)), due.t, found);
  if (!problem.timesMove || !method.interpolantMoves) return found;
  // Before the first step there is no interpolant.
  const early = sameTime(now(c), startOf(problem));
  const start = flow((...at) => method.slope(...at, c.memory), c.t, due.t, c.y);
  return found.map((x, k) => where(early, start[k]!, x));
}

/** The derivative of some order by time of a function of s, the place in a step of length h. */
function rates(f: (s: Tensor) => Tensor[], s: Tensor, h: Tensor, order: number): Tensor[] {
  if (order === 0) return f(s);
  const one = h.mul(0).add(1);
  const once = (place: Tensor): Tensor[] => jvp(f, [place], [one])[1];
  return rates(once, s, h, order - 1).map((rate) => rate.div(cast(h, rate.dtype)));
}

/**
 * bool: can the next output be had from the last step?
 * @param horizon up to when the last step counts: its end, or the next event in it
 * @param waiting bool: is there such an event?
 */
export function isDue(
  problem: Problem,
  c: Carry,
  due: FineTime,
  horizon: FineTime,
  direction: Tensor,
  waiting?: Tensor,
): Tensor {
  const { asked } = problem;
  const ahead = direction.mul(since(due, horizon));
  if (!asked) return ahead.lessEqual(0);
  if (!asked.after) return ahead.lessEqual(0).and(direction.mul(since(now(c), startOf(problem))).greater(0));
  // What is just after belongs to the step that begins there, if one does.
  const last = direction.mul(since(endOf(problem), now(c))).lessEqual(0);
  const ended = waiting ? last.and(waiting.not()) : last;
  return ahead.less(0).or(ended.and(ahead.lessEqual(0)));
}
